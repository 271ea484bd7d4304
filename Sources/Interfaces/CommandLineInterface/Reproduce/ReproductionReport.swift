// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import DataTables
internal import ModelDomain
internal import ModelExecution
internal import ModelReproduction

/// What came of training a version again.
struct ReproductionReport: Encodable {
    struct Repetition: Encodable {
        /// On the server of its own, which is gone.
        let run: String
        let seconds: Double
        /// Rows that got the recorded answers, within tolerance.
        let agree: Int
        let largestDifference: Double
        /// Rows with the recorded decision; `nil` for a model that decides nothing.
        let sameDecisions: Int?
        let reproduced: Bool
        /// The first few rows that differ.
        let differences: [String]
    }

    struct Spread: Encodable {
        let output: String
        let largest: Double?
        let rows: Int
        let rowsAroundOriginal: Int?
    }

    struct Environment: Encodable {
        let kind: String
        let python: String
        let differences: [String]
    }

    struct Tolerance: Encodable {
        let absolute: Double
        let relative: Double
        let sameDecision: Bool
    }

    let model: String
    let project: String
    let version: Int
    let run: String
    let command: [String]
    let seed: Int64?
    let environment: Environment?
    let rows: Int
    /// `original` or `self`, as the version's examples.
    let examples: String?
    let tolerance: Tolerance?
    let repetitions: [Repetition]
    /// How far the repetitions differ among themselves; empty for one.
    let spread: [Spread]
    /// Rows that repetitions decide differently.
    let varyingDecisions: Int?
    let reproduced: Bool
    /// Where everything is, when it was kept.
    let folder: String?
    private let title: String

    private enum CodingKeys: String, CodingKey {
        case model, project, version, run, command, seed, environment, rows, examples, tolerance, repetitions, spread
        case varyingDecisions, reproduced, folder
    }

    init(
        _ original: RecordedVersion, _ reproduction: Reproduction, _ environment: ChosenEnvironment?,
        runs: [(run: String, seconds: Double)], folder: String?
    ) {
        let found = reproduction.repetitions()
        title = original.title
        model = original.model.name.rawValue
        project = original.model.project.rawValue
        version = original.number
        run = original.run.id
        command = original.record.command
        seed = original.record.seed
        self.environment = environment.map {
            Environment(kind: $0.kind.rawValue, python: $0.version, differences: $0.differences)
        }
        rows = reproduction.rowCount
        examples = found.first?.verdict.origin.rawValue
        tolerance = (found.first?.verdict.tolerance).map {
            Tolerance(absolute: $0.absolute, relative: $0.relative, sameDecision: $0.sameDecision)
        }
        repetitions = zip(runs, found).map { run, found in
            Repetition(
                run: run.run, seconds: run.seconds, agree: found.verdict.replayed - found.verdict.differingRows,
                largestDifference: found.verdict.largestDifference, sameDecisions: found.sameDecisions,
                reproduced: found.verdict.holds, differences: found.verdict.differences.map(\.line))
        }
        let varies = found.count > 1
        spread =
            varies
            ? reproduction.spreads().map {
                Spread(
                    output: $0.output, largest: $0.largest, rows: $0.rows, rowsAroundOriginal: $0.rowsAroundOriginal)
            } : []
        varyingDecisions = varies ? reproduction.varyingDecisions() : nil
        reproduced = found.allSatisfy(\.verdict.holds)
        self.folder = folder
    }

    var text: String {
        var lines: [String] = []
        if let environment {
            lines.append(
                "Python \(environment.python), \(environment.kind)\(environment.differences.isEmpty ? "" : ":")")
            lines += environment.differences.map { "  \($0.printable)" }
        }
        let table = Table(
            header: ["REPETITION", "SECONDS", "ROWS THAT AGREE", "LARGEST DIFFERENCE", "SAME DECISION"],
            rows: repetitions.enumerated().map { index, found in
                [
                    String(index + 1), String((found.seconds * 10).rounded() / 10), "\(found.agree) of \(rows)",
                    numberText(rounded(found.largestDifference)), found.sameDecisions.map { "\($0) of \(rows)" } ?? "–",
                ]
            }, numbers: [0, 1])
        lines.append(table.text)
        lines += spreadLines
        lines.append((reproduced ? "✓ " : "✗ ") + sentence.printable)
        if let folder { lines.append("everything is in \(folder.printable)") }
        return lines.joined(separator: "\n")
    }

    private var spreadLines: [String] {
        guard !spread.isEmpty else { return [] }
        guard spread.contains(where: { $0.rows > 0 }) else {
            return ["Training does not vary: all \(repetitions.count) repetitions answer the same."]
        }
        let table = Table(
            header: ["OUTPUT", "LARGEST SPREAD", "ROWS THAT VARY", "AROUND THE ORIGINAL"],
            rows: spread.map { found in
                [
                    found.output, found.largest.map { numberText(rounded($0)) } ?? "–", "\(found.rows) of \(rows)",
                    found.rowsAroundOriginal.map { "\($0) of \(rows)" } ?? "–",
                ]
            })
        let decisions = varyingDecisions.map { "; \($0) of \(rows) rows are decided differently" } ?? ""
        return ["Training itself varies among \(repetitions.count) repetitions\(decisions):", table.text]
    }

    private var sentence: String {
        let bad = repetitions.count { !$0.reproduced }
        guard bad > 0 else { return "\(title) is reproduced" }
        return "\(title) is not reproduced: "
            + (repetitions.count == 1
                ? "\(rows - (repetitions.first?.agree ?? 0)) of \(rows) rows get other answers"
                : "\(bad) of \(repetitions.count) repetitions give other answers")
    }

    var refusal: Refusal {
        let varies = spread.contains { $0.rows > 0 }
        return Refusal(
            .notReproduced, .conflict, "\(sentence).",
            hint: varies
                ? "Training varies by itself: fix its seeds, or compare with how far it varies."
                : "Compare the first rows that differ; --repeat 5 shows how far training itself varies.",
            details: (repetitions.first { !$0.reproduced }?.differences ?? []).prefix(5).enumerated().map {
                .init("difference \($0.offset + 1)", $0.element)
            })
    }
}
