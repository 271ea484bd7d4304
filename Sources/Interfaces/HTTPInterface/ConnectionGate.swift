// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
internal import InferenceServing
internal import ModelDomain
internal import NIOCore

/// Decides for one connection which predictions may be asked for without a token.
struct ConnectionGate {
    private let authority: TokenAuthority
    private let isBoundToLoopback: Bool
    /// Whether predictions are open to whoever reaches the server.
    private let isOpen: Bool
    private let peer: String?
    /// Who asks, for fair shares: the principal of the last token, else the other end of the connection.
    private(set) var caller: CallerKey
    private let peerKey: CallerKey
    /// The verdict on the last `Host` header: clients send the same one again and again.
    private var known: (host: String?, denial: AccessDenial?)?

    init(_ channel: any Channel, authority: TokenAuthority, isOpen: Bool) {
        self.authority = authority
        self.isOpen = isOpen
        // What the server is bound to, as against the address that this connection came in by.
        let bound = channel.parent?.localAddress?.ipAddress
        isBoundToLoopback = bound.map { isLoopbackAddress($0[...]) } ?? false
        peer = channel.remoteAddress?.ipAddress
        peerKey = peer.map { CallerKey(hashing: $0) } ?? .anonymous
        caller = peerKey
    }

    /// - Returns: Why the request must not be answered; `nil` when it may.
    mutating func refusal(of facts: RequestFacts, endpoint: String?) -> Explanation? {
        caller = peerKey
        guard !isOpen, let denial = needForToken(facts) else { return nil }
        guard let token = bearerToken(inHeader: facts.authorization) else { return denial.explanation }
        do throws(AccessDenial) {
            let principal = try authority.authorize(
                token, needs: .predictor, endpoint: endpoint.flatMap(EndpointName.init(rawValue:)))
            caller = CallerKey(hashing: principal.name)
            return nil
        } catch {
            return error.explanation
        }
    }

    private mutating func needForToken(_ facts: RequestFacts) -> AccessDenial? {
        if let known, known.host == facts.host, !facts.isForwarded { return known.denial }
        let denial = AccessControl.needForToken(
            from: RequestOrigin(
                isBoundToLoopback: isBoundToLoopback, host: facts.host, isForwarded: facts.isForwarded, peer: peer))
        if !facts.isForwarded { known = (facts.host, denial) }
        return denial
    }
}
