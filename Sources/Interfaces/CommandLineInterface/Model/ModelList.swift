// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import WireTypes

struct ModelList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the models.",
        discussion: "Example: slipway model list --format json")

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let models = try await server.client().models()
        let table = Table(
            header: ["MODEL", "PROJECT", "VERSIONS", "NEWEST", "EXAMPLES", "CREATED", "ALIASES"],
            rows: models.map { model in
                let newest = model.versions.first
                return [
                    model.name, model.project, String(model.versions.count), newest.map { String($0.version) } ?? "–",
                    newest?.examples ?? "–", newest?.createdAt ?? "–", aliasText(model.aliases),
                ]
            }, numbers: [2, 3])
        try output.write(
            models, asText: models.isEmpty ? "No models yet: register one with `slipway deploy FILE`." : table.text)
    }
}

/// `@champion 3, @candidate 4`, by name.
func aliasText(_ aliases: [String: Int]) -> String {
    aliases.sorted { $0.key < $1.key }.map { "@\($0.key) \($0.value)" }.joined(separator: ", ")
}
