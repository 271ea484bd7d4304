// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ModelDomain

struct Init: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a slipway.yaml from what a folder holds.",
        discussion: "Example: slipway init examples/breast-cancer --name breast-cancer")

    @Argument(help: "The project folder.", completion: .directory)
    var path = "."

    @Option(help: "What to call the model.")
    var name: ModelName?

    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let text = try await Tools.required().initialize(path, name: name?.rawValue)
        Console.current.note("wrote \(path.printable)/slipway.yaml")
        try output.write(ProjectText(path: path, yaml: text), asText: text.withoutLastLineBreak)
    }
}

/// A project file, for programs.
struct ProjectText: Encodable {
    let path: String
    let yaml: String
}

extension String {
    var withoutLastLineBreak: String { hasSuffix("\n") ? String(dropLast()) : self }
}
