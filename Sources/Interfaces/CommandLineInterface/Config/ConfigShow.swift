// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct ConfigShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print the project file with every default filled in.",
        discussion: "Example: slipway config show examples/breast-cancer")

    @Argument(help: "The project folder.", completion: .directory)
    var path = "."

    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let text = try await Tools.required().effectiveProject(path)
        try output.write(ProjectText(path: path, yaml: text), asText: text.withoutLastLineBreak)
    }
}
