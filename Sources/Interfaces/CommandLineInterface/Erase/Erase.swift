// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import WireTypes

struct Erase: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Erase somebody: destroy the key of what is kept of them, and report where else they are.",
        discussion: """
            What predictions were about is said by a column with `role: subject_key` or by the header slipway-subject. \
            There is no way back. Files that have the value are named, and not changed.

            Example: slipway erase --subject customer-17 --dry-run
            """)

    @Option(help: ArgumentHelp("Whom, as requests had it.", valueName: "key"))
    var subject: String

    @Option(help: "The project.")
    var project: ProjectName = .standard

    @Flag(help: "Only say what there is.")
    var dryRun = false

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let report = try await server.client().erase(subject, in: project, isDryRun: dryRun)
        let inProject = project == .standard ? "" : " --project \(project)"
        let next =
            report.applied
            ? ""
            : "\nnothing was changed; next: slipway erase --subject \(shellWord(subject))\(inProject)\(server.repeated)"
        try output.write(report, asText: report.text + next)
    }
}

extension ErasureV1 {
    /// What went, what is left, and what was trained on it.
    var text: String {
        let gone = applied ? "erased" : "to erase"
        var lines = predictions.map { entry in
            "\(gone)  \(entry.predictions) predictions of \(entry.endpoint), \(entry.rows) rows, "
                + "\(entry.first) to \(entry.last)"
        }
        if labels > 0 { lines.append("\(gone)  labels of \(labels) rows") }
        if waitingLabels > 0 { lines.append("\(gone)  \(waitingLabels) labels that wait for a prediction") }
        if lines.isEmpty {
            lines.append(
                reference == nil
                    ? "Nothing was kept under a key of this subject."
                    : "\(gone)  the key; no prediction on this server has it")
        }
        lines += findings.map { finding in
            finding.kind == "dataset"
                ? "still in  data set \(finding.name)" : "still in  \(finding.path ?? "") of \(finding.name)"
        }
        lines += alerts.map { "still in  alert \($0)" }
        lines += models.map { model in
            "trained   \(model.name) on \(model.dataset)" + (model.endpoint.map { ", answers at \($0)" } ?? "")
        }
        return (lines + gaps.map { "not seen  \($0)" }).joined(separator: "\n")
    }
}
