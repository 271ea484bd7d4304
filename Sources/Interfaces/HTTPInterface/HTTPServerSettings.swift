// SPDX-License-Identifier: Apache-2.0
package import NIOCore
package import Tensors

/// What the HTTP side of a server is told once, at its start.
package struct HTTPServerSettings: Sendable {
    /// The address to listen on: a name or a number.
    package var host = "127.0.0.1"
    /// 0 lets the system choose.
    package var port = 0
    /// The program's version, as `/v2` tells it.
    package var version: String
    /// Limits of prediction bodies, in bytes and otherwise.
    package var codecLimits: CodecLimits
    /// The most bytes of one uploaded content.
    package var maxBlobBytes = 4 << 30
    /// How long a kept-alive connection may be silent, and an upload may pause.
    package var idleTimeout = TimeAmount.seconds(75)
    /// How long the body of a prediction may take to arrive, from its head on.
    package var bodyTimeout = TimeAmount.seconds(30)
    /// How long what a client still sends is read and dropped after it was refused, so that it can read the answer.
    package var lingerTimeout = TimeAmount.seconds(2)
    /// Connections at the same time; more wait until one closes.
    package var maxConnections = 10_000
    /// Tells this replica's prediction ids from those of others.
    package var replica: UInt16 = 0
    /// The endpoint that `/invocations` stands for; `nil` for the only one that there is.
    package var invocations: String?
    /// What a container's platform has chosen; `nil` outside of one.
    package var container: ContainerRoutes?

    package init(version: String) {
        self.version = version
        codecLimits = .standard
        codecLimits.maxBodyBytes = 64 << 20
    }
}
