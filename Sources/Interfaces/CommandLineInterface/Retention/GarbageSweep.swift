// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import WireTypes

struct GarbageSweep: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep",
        abstract: "Move contents that nothing needs to the trash, and delete what was there long enough.",
        discussion: """
            Without --apply nothing is changed. How long deleted things and the trash are kept, `slipway serve` is told.

            Example: slipway gc --apply
            """)

    @Flag(help: "Do it.")
    var apply = false

    @Flag(help: "Only say what would be done, as without --apply.")
    var dryRun = false

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard !apply || !dryRun else { throw ValidationError("--apply and --dry-run exclude each other.") }
    }

    mutating func run() async throws {
        let client = try await server.client()
        let sweep = try await apply ? client.sweep() : client.sweepPlan()
        let next = apply ? "" : "\nnothing was changed; next: slipway gc --apply\(server.repeated)"
        try output.write(sweep, asText: sweep.text + next)
    }
}

extension SweepV1 {
    /// What goes and what stays, a line for each kind, with the reason.
    var text: String {
        var rows: [[String]] = []
        func add(_ what: String, _ count: Int, _ bytes: Int?, _ fate: String, _ reason: String) {
            guard count > 0 else { return }
            rows.append([fate, what, String(count), bytes.map(byteText) ?? "–", reason])
        }
        let gone = applied ? "deleted" : "delete"
        let trash = "to the trash"
        for (what, count) in [
            ("runs", runs), ("experiments", experiments), ("logged models", loggedModels), ("artifacts", artifacts),
            ("versions", versions),
        ] {
            add(what, count, nil, gone, "deleted longer ago than deleted things are kept")
        }
        add("contents", ofDeleted.count, ofDeleted.bytes, trash, "only what is deleted named them")
        add("contents", unnamed.count, unnamed.bytes, trash, "nothing names them")
        add("contents", destroyed.count, destroyed.bytes, gone, "in the trash longer than it is kept")
        add(
            "contents", broughtBack.count, broughtBack.bytes, applied ? "brought back" : "bring back",
            "something needs them")
        add("contents", needed.count, needed.bytes, "stay", "something needs them")
        add("contents", held.count, held.bytes, "stay", "a backup is copying them")
        add("contents", young.count, young.bytes, "stay", "put or asked about within the last day")
        if rows.isEmpty { return "There is nothing at all." }
        return Table(header: ["WHAT HAPPENS", "TO", "COUNT", "SIZE", "BECAUSE"], rows: rows, numbers: [2]).text
    }
}
