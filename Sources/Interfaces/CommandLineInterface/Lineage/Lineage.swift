// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import WireTypes

struct Lineage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lineage",
        abstract: "Say what a model came of, and what came of it: code, data, run, proof, deployment, endpoint.",
        discussion: """
            Of a version (churn@3, churn@champion, churn for the newest), or of dataset:NAME@3, run:ID, endpoint:NAME, \
            commit:SHA.

            Example: slipway lineage churn@3 --as dot
            """)

    enum Form: String, ExpressibleByArgument, CaseIterable { case text, json, dot, openlineage }
    enum Direction: String, ExpressibleByArgument, CaseIterable { case up, down, both }

    @Argument(help: "What to ask about.")
    var subject: String

    @Option(help: "up for what it came of, down for what came of it, or both.")
    var direction: Direction = .both

    @Option(help: "How many steps to follow.")
    var depth = 50

    @Option(
        name: .customLong("as"),
        help: "text for people, json, dot for Graphviz, openlineage for one event a line; --format json is json too.")
    var form: Form = .text

    @Option(help: "The project of what is named.")
    var project: ProjectName = .standard

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...50).contains(depth) else { throw ValidationError("--depth takes 1 to 50.") }
    }

    mutating func run() async throws {
        let client = try await server.client()
        let lineage = try await client.lineage(
            of: subject, in: project, direction: direction.rawValue, depth: depth)
        switch form {
        case .text: try output.write(lineage, asText: LineageText(lineage).text)
        case .json: try Console.current.line(jsonText(lineage))
        case .dot: try Console.current.line(lineage.dot)
        case .openlineage: try Console.current.line(OpenLineage(lineage, namespace: client.url).lines)
        }
    }
}
