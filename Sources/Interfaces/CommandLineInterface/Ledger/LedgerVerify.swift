// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import Foundation
internal import ModelDomain
internal import WireTypes

struct LedgerVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that nobody changed the ledger, and name what was changed.",
        discussion: """
            Asks the server; without one, or with --data, reads the data folder itself, also beside a server. A head that \
            was kept elsewhere shows that nothing was cut off at the end or written anew.

            Example: slipway ledger verify --head head.txt
            """)

    @Option(help: ArgumentHelp("What `slipway ledger head` printed, in a file, or as SIZE:ROOT.", valueName: "head"))
    var head: String?

    @Option(
        help: ArgumentHelp(
            "Check a ledger that `slipway ledger export` wrote: no server, no database.", valueName: "file"),
        completion: .file())
    var file: String?

    @Option(
        help: ArgumentHelp("Check what `slipway ledger prove` printed: no server either.", valueName: "file"),
        completion: .file())
    var proof: String?

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard file == nil || proof == nil else { throw ValidationError("Give --file or --proof, and not both.") }
    }

    mutating func run() async throws {
        let head = try head.map(keptHead)
        if let proof { return try check(proof, in: head) }
        let verification: LedgerVerificationV1
        switch try await LedgerSource(server, file: file) {
        case .server(let client): verification = try await client.verifyLedger(extending: head)
        case let source:
            let audit = try await source.audit(extending: head)
            guard audit.faults.isEmpty else { throw LedgerBroken(audit) }
            verification = LedgerVerificationV1(audit.head(at: nil), consistency: nil)
        }
        let extends = head.map { "; the first \($0.size) are those of the head" } ?? ""
        try output.write(verification, asText: "✓ \(verification.verifiedEntries) entries, unchanged\(extends)")
    }

    private func check(_ path: String, in head: LedgerHead?) throws {
        let bytes = try contents(of: path, limit: 16 << 20)
        guard let wire = try? JSONDecoder().decode(LedgerProofV1.self, from: Data(bytes)), let proof = wire.proof else {
            throw Refusal(
                .bodySyntax, .invalidInput, "“\(path)” is no proof of an entry.",
                hint: "Write it with `slipway ledger prove`.")
        }
        guard proof.holds else {
            throw Refusal(
                .ledgerBroken, .conflict,
                "The proof does not hold: its leaf is not entry \(proof.sequence) of the ledger with the root "
                    + "\(proof.root.hex).", hint: "Compare it with the ledger, or with another copy.")
        }
        if let head, head.size != proof.size || head.root != proof.root {
            throw Refusal(
                .ledgerBroken, .conflict, "The proof is not of the ledger of \(head.text).",
                hint: "Make one that is with `slipway ledger prove \(proof.sequence) --head \(head.text)`.")
        }
        let against = head == nil ? "; compare its root with one that was kept elsewhere" : ""
        try output.write(
            wire, asText: "✓ entry \(proof.sequence) is in the ledger of \(proof.size) entries\(against)")
    }
}
