// SPDX-License-Identifier: Apache-2.0
package import AccessControl
package import InferenceServing
package import ModelDomain
package import NIOCore

/// Lets requests of one connection to what is answered on the event loop: without a token where that is open, else with
/// one that may.
package struct ConnectionGate {
    private let authority: TokenAuthority
    private let isBoundToLoopback: Bool
    /// Whether predictions are open to whoever reaches the server.
    private let isOpen: Bool
    private let peer: String?
    /// Who asks, for fair shares: the principal of the last token, else the other end of the connection.
    package private(set) var caller: CallerKey
    /// Whose token the last request showed; `nil` where none was needed, and everything may be seen.
    package private(set) var principal: Principal?
    private let peerKey: CallerKey
    /// The verdict on the last `Host` header: clients send the same one again and again.
    private var known: (host: String?, denial: AccessDenial?)?

    package init(_ channel: any Channel, authority: TokenAuthority, isOpen: Bool) {
        self.authority = authority
        self.isOpen = isOpen
        // What the server is bound to, as against the address that this connection came in by.
        let bound = channel.parent?.localAddress?.ipAddress
        isBoundToLoopback = bound.map { isLoopbackAddress($0[...]) } ?? false
        peer = channel.remoteAddress?.ipAddress
        peerKey = peer.map { CallerKey(hashing: $0) } ?? .anonymous
        caller = peerKey
    }

    /// - Parameters:
    ///   - authorization: The header of that name.
    ///   - host: The name that the client has for the server.
    ///   - isForwarded: Whether a header says that somebody passed the request on.
    ///   - permission: What a token has to have: one of several is enough.
    ///   - resource: What it is asked for; found out only where a token is looked at that is confined.
    /// - Returns: Why the request must not be answered; `nil` when it may.
    package mutating func refusal(
        authorization: String?, host: String?, isForwarded: Bool, needs permission: Permission,
        of resource: @autoclosure () -> Resource
    ) -> AccessDenial? {
        caller = peerKey
        principal = nil
        guard !isOpen, let denial = needForToken(host: host, isForwarded: isForwarded) else { return nil }
        guard let token = presentedToken(inHeader: authorization) else { return denial }
        do throws(AccessDenial) {
            let principal = try authority.authorize(token, needs: permission, of: resource())
            caller = CallerKey(hashing: principal.name.rawValue)
            self.principal = principal
            return nil
        } catch {
            return error
        }
    }

    private mutating func needForToken(host: String?, isForwarded: Bool) -> AccessDenial? {
        if let known, known.host == host, !isForwarded { return known.denial }
        let denial = AccessControl.needForToken(
            from: RequestOrigin(
                isBoundToLoopback: isBoundToLoopback, host: host, isForwarded: isForwarded, peer: peer))
        if !isForwarded { known = (host, denial) }
        return denial
    }
}
