// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ModelDomain

struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check what a server needs on this machine, and say how to mend what is wrong.",
        discussion: "Exits with 7 when something is wrong.\n\nExample: slipway doctor")

    @OptionGroup var folder: DataOptions
    @OptionGroup var registry: DatabaseOptions

    @Option(help: "The port that a server is to listen on.")
    var port: Int?

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...65_535).contains(port ?? 1) else { throw ValidationError("--port takes 1 to 65535.") }
    }

    mutating func run() async throws {
        let findings = try await Tools.required().doctor(
            data: folder.data, port: port, database: registry.chosen)
        let width = findings.map(\.subject.count).max() ?? 0
        let lines = findings.flatMap { finding in
            let subject = finding.subject + String(repeating: " ", count: width - finding.subject.count)
            let fact = "\(finding.state.mark) \(subject)  \(finding.fact)"
            let remedy = finding.remedy.map { String(repeating: " ", count: width + 4) + "→ \($0)" }
            return [fact.printable] + (remedy.map { [$0.printable] } ?? [])
        }
        try output.write(findings.map(DoctorReport.init), asText: lines.joined(separator: "\n"))
        guard !findings.contains(where: { $0.state == .bad }) else { throw ExitCode(Explanation.Kind.unavailable) }
    }
}

extension DoctorFinding.State {
    fileprivate var mark: String {
        switch self {
        case .good: "✓"
        case .warning: "!"
        case .bad: "✗"
        }
    }
}

private struct DoctorReport: Encodable {
    let subject: String
    let state: String
    let fact: String
    let remedy: String?

    init(_ finding: DoctorFinding) {
        subject = finding.subject
        state = finding.state.rawValue
        fact = finding.fact
        remedy = finding.remedy
    }
}
