// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import NIOCore
package import WireTypes

/// The ledger, and the proofs about it.
extension SlipwayClient {
    /// - Parameters:
    ///   - sequence: The first entry wanted.
    ///   - limit: The most entries.
    package func ledger(from sequence: Int, limit: Int) async throws -> LedgerV1 {
        try await value(
            LedgerV1.self,
            of: Call(path: "/v1/ledger", query: [("from", String(sequence)), ("limit", String(limit))]))
    }

    /// What answered at an endpoint at some moment; now for `nil`.
    package func answering(
        at endpoint: EndpointName, in project: ProjectName, time: Timestamp?
    ) async throws -> EndpointMomentV1 {
        try await value(
            EndpointMomentV1.self,
            of: Call(
                path: "/v1/ledger/endpoints/\(endpoint)",
                query: [("project", project.rawValue)] + (time.map { [("at", $0.text)] } ?? [])))
    }

    /// Recomputes every hash of the ledger. Throws `REG-010` when one does not fit.
    ///
    /// - Parameter head: What was kept earlier: whether the ledger still extends it. The answer is not believed, but
    ///   checked.
    package func verifyLedger(extending head: LedgerHead? = nil) async throws -> LedgerVerificationV1 {
        let answer = try await value(
            LedgerVerificationV1.self,
            of: Call(
                path: "/v1/ledger/verification", query: head.map { [("head", $0.text)] } ?? [],
                patience: .minutes(30)))
        guard let head else { return answer }
        let path = (answer.consistency ?? []).compactMap { Digest($0) }
        guard let now = answer.head.head,
            MerkleProof.holds(oldSize: head.size, oldRoot: head.root, size: now.size, root: now.root, path: path)
        else { throw unproven("that its ledger extends the head \(head.text)") }
        return answer
    }

    /// What the ledger comes to now.
    package func ledgerHead() async throws -> LedgerHeadV1 {
        try await value(LedgerHeadV1.self, of: Call(path: "/v1/ledger/head", patience: .minutes(30)))
    }

    /// That an entry is in the ledger, or was when a head was taken. The answer is checked.
    package func proveLedgerEntry(_ sequence: Int, in head: LedgerHead?) async throws -> LedgerProofV1 {
        let answer = try await value(
            LedgerProofV1.self,
            of: Call(
                path: "/v1/ledger/entries/\(sequence)/proof",
                query: head.map { [("size", String($0.size))] } ?? [], patience: .minutes(30)))
        guard let proof = answer.proof, proof.holds, proof.sequence == sequence,
            head.map({ $0.size == proof.size && $0.root == proof.root }) ?? true
        else {
            throw unproven("that entry \(sequence) is in \(head.map { "the ledger of \($0.text)" } ?? "its ledger")")
        }
        return answer
    }

    /// The whole ledger as JSON lines, piece by piece.
    package func exportLedger(_ take: (_ piece: [UInt8]) throws -> Void) async throws {
        try await stream(Call(path: "/v1/ledger/export", patience: .hours(1)), take)
    }

    private func unproven(_ what: String) -> Refusal {
        Refusal(
            .ledgerBroken, .conflict, "The server does not show \(what).",
            hint: "Its ledger was changed, or it is another server's: compare it with a backup.")
    }
}
