// SPDX-License-Identifier: Apache-2.0
import ModelDomain

/// What there was, what of it is new here, and what could not be brought.
struct ImportReport: Encodable, Sendable {
    struct Count: Encodable, Sendable {
        var found = 0
        var brought = 0
    }

    struct Problem: Encodable, Sendable {
        let what: String
        let reason: String
    }

    struct LeftBehind: Encodable, Sendable {
        let what: String
        let count: Int
    }

    var dryRun: Bool
    var experiments = Count()
    var runs = Count()
    var params = Count()
    var tags = Count()
    var points = Count()
    var datasets = Count()
    var loggedModels = Count()
    var files = Count()
    var fileBytes = Count()
    var models = Count()
    var versions = Count()
    var problems: [Problem] = []
    var leftBehind: [LeftBehind] = []

    init(dryRun: Bool) { self.dryRun = dryRun }

    mutating func note(_ what: String, _ error: any Error) {
        let explanation = (error as? any ExplainedError)?.explanation
        problems.append(Problem(what: what, reason: explanation?.message ?? String(describing: error)))
    }

    var text: String {
        let rows: [(String, Count)] = [
            ("experiments", experiments), ("runs", runs), ("parameters", params), ("tags", tags),
            ("metric points", points), ("data sets", datasets), ("logged models", loggedModels), ("files", files),
            ("bytes of files", fileBytes), ("registered models", models), ("versions", versions),
        ]
        var lines = [
            Table(
                header: dryRun ? ["", "FOUND"] : ["", "FOUND", "NEW HERE"],
                rows: rows.map { name, count in
                    [name, String(count.found)] + (dryRun ? [] : [String(count.brought)])
                }, numbers: dryRun ? [1] : [1, 2]
            ).text
        ]
        for left in leftBehind { lines.append("not brought: \(left.count) \(left.what), which Slipway does not keep") }
        for problem in problems.prefix(100) {
            lines.append("not brought: \(problem.what.printable): \(problem.reason.printable)")
        }
        if problems.count > 100 { lines.append("… and \(problems.count - 100) more: --format json lists them all") }
        return lines.joined(separator: "\n")
    }
}
