// SPDX-License-Identifier: Apache-2.0
package import NIOCore
package import Tensors

/// What the HTTP side of a server is told once, at its start.
package struct HTTPServerSettings: Sendable {
    /// Where connections come from.
    package enum Listening: Sendable {
        /// A name or a number; port 0 lets the system choose. A port can be shared with other processes of the same user.
        case address(host: String, port: Int, sharesPort: Bool)
        /// A socket that listens already. The server closes it; where others hold it too, it lives on with its backlog.
        case inherited(descriptor: CInt)
    }

    package var listening = Listening.address(host: "127.0.0.1", port: 0, sharesPort: false)
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
    /// After SIGTERM: what is still running then is cut, logged with counts, and the process ends.
    package var drainTimeout = TimeAmount.seconds(30)
    /// How long a connection on which nothing is asked stays open while the server stops. A request may be on its way
    /// there already, and would be lost with the connection.
    package var drainIdleTimeout = TimeAmount.seconds(1)
    /// Connections at the same time; more wait until one closes.
    package var maxConnections = 10_000
    /// Tells this replica's prediction ids from those of others.
    package var replica: UInt16 = 0

    package init(version: String) {
        self.version = version
        codecLimits = .standard
        codecLimits.maxBodyBytes = 64 << 20
    }

    package mutating func drain(within limit: Duration) { drainTimeout = TimeAmount(limit) }
}
