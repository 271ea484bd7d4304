// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
internal import ModelDomain
internal import NIOCore

/// Decides for one connection which predictions may be asked for without a token.
struct ConnectionGate {
    private let authority: TokenAuthority
    private let isBoundToLoopback: Bool
    private let peer: String?
    /// The verdict on the last `Host` header: clients send the same one again and again.
    private var known: (host: String?, denial: AccessDenial?)?

    init(_ channel: any Channel, authority: TokenAuthority) {
        self.authority = authority
        // What the server is bound to, as against the address that this connection came in by.
        let bound = channel.parent?.localAddress?.ipAddress
        isBoundToLoopback = bound.map { isLoopbackAddress($0[...]) } ?? false
        peer = channel.remoteAddress?.ipAddress
    }

    /// - Returns: Why the request must not be answered; `nil` when it may.
    mutating func refusal(of facts: RequestFacts, endpoint: String?) -> Explanation? {
        guard let denial = needForToken(facts) else { return nil }
        guard let token = bearerToken(inHeader: facts.authorization) else { return denial.explanation }
        do throws(AccessDenial) {
            _ = try authority.authorize(
                token, needs: .predictor, endpoint: endpoint.flatMap(EndpointName.init(rawValue:)))
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
