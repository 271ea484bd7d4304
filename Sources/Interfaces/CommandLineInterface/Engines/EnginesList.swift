// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ModelDomain
internal import ModelExecution
internal import WireTypes

struct EnginesList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the engines of this machine.",
        discussion: "Example: slipway engines list")

    @OptionGroup var folder: DataOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let engines = try await Tools.required().engines(data: folder.data)
        try output.write(engines.map(EngineReport.init), asText: enginesText(engines))
    }
}

/// An engine, for programs.
struct EngineReport: Encodable {
    let name: String
    let version: String?
    let build: String?
    let path: String?
    let problem: ProblemV1?

    init(_ finding: EngineFinding) {
        name = finding.name
        version = finding.identity?.version
        build = finding.identity?.build
        path = finding.path
        problem = finding.problem.map { ProblemV1($0) }
    }
}

/// One line an engine, and below the reasons why one cannot be used.
func enginesText(_ engines: [EngineFinding]) -> String {
    let table = Table(
        header: ["ENGINE", "VERSION", "USABLE", "PATH"],
        rows: engines.map {
            [$0.name, $0.identity?.version ?? "–", $0.problem == nil ? "yes" : "no", $0.path ?? "–"]
        })
    let problems = engines.compactMap { engine in engine.problem.map { "\(engine.name): \($0.line)".printable } }
    return ([table.text] + problems).joined(separator: "\n")
}
