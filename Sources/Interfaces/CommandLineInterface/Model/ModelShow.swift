// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import WireTypes

struct ModelShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show the versions of a model, newest first.",
        discussion: "Example: slipway model show breast-cancer")

    @OptionGroup var model: ModelOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let model = try await server.client().model(model.reference)
        let table = Table(
            header: ["VERSION", "STATUS", "EXAMPLES", "BUNDLE", "CREATED", "BY", "ALIASES"],
            rows: model.versions.map { version in
                let names = model.aliases.filter { $0.value == version.version }.keys.sorted().map { "@\($0)" }
                return [
                    String(version.version), version.status, version.examples ?? "–", version.bundle ?? "–",
                    version.createdAt, version.createdBy, names.joined(separator: ", "),
                ]
            }, numbers: [0])
        try output.write(model, asText: model.versions.isEmpty ? "No versions yet." : table.text)
    }
}
