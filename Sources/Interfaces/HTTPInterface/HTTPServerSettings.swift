// SPDX-License-Identifier: Apache-2.0
package import HTTP2Connections
package import NIOCore
package import RequestTracing
package import Tensors

/// What the HTTP side of a server is told once, at its start.
package struct HTTPServerSettings: Sendable {
    /// Where connections come from.
    package enum Listening: Sendable {
        /// A name or a number, and a port; 0 lets the system choose.
        ///
        /// `sharesPort`: Whether another process may listen on the same port meanwhile (`SO_REUSEPORT`).
        case address(host: String, port: Int, sharesPort: Bool)
        /// A socket that listens already: from systemd, or from the server that this one follows.
        case inherited(descriptor: CInt)
    }

    package var listening = Listening.address(host: "127.0.0.1", port: 0, sharesPort: false)
    /// A second port, usually for gRPC; both answer everything; `nil` for none.
    package var grpcListening: Listening?
    /// Certificate and key for TLS; `nil` for plain HTTP.
    package var certificate: CertificateFiles?
    /// The program's version, as `/v2` tells it.
    package var version: String
    /// Limits of prediction bodies, in bytes and otherwise.
    package var codecLimits: CodecLimits
    /// The most bytes of one uploaded content.
    package var maxBlobBytes = 4 << 30
    /// How long a kept-alive connection may be silent, and an upload may pause.
    package var idleTimeout = TimeAmount.seconds(75)
    /// How long a request that is answered on the event loop may take to arrive, from its first byte on.
    package var bodyTimeout = TimeAmount.seconds(30)
    /// How long what a client still sends is read and dropped after it was refused, so that it can read the answer.
    package var lingerTimeout = TimeAmount.seconds(2)
    /// How long a connection on which nothing is asked stays open while the server stops. A request may be on its way
    /// there already, and would be lost with the connection.
    package var drainIdleTimeout = TimeAmount.seconds(1)
    /// What HTTP/2 connections are allowed.
    package var http2 = HTTP2Limits()
    /// Connections at the same time; more wait until one closes.
    package var maxConnections = 50_000
    /// Bytes of bodies that are compressed for whoever asks for it: less is not worth it, and more takes an event loop
    /// too long.
    package var compressedSizes = 1024..<(4 << 20)
    /// Endpoints that have series of their own at `/metrics`.
    package var metricEndpoints = 1000
    /// Tells this replica's prediction ids from those of others.
    package var replica: UInt16 = 0
    /// Which predictions are traced, and where to; `nil` for none.
    package var tracing: TracingSettings?
    /// The endpoint that `/invocations` stands for; `nil` for the only one that there is.
    package var invocations: String?
    /// Whether predictions need no token wherever they come from: somebody else has let them through.
    package var opensPredictions = false
    /// What a container's platform has chosen; `nil` outside of one.
    package var container: ContainerRoutes?

    package init(version: String) {
        self.version = version
        codecLimits = .standard
        codecLimits.maxBodyBytes = 64 << 20
    }
}
