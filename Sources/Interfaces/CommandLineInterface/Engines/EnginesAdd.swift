// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct EnginesAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Put an engine's library into the data folder.",
        discussion: "Example: slipway engines add onnxruntime-1.27.0-cp311-cp311-manylinux_2_28_x86_64.whl")

    @Argument(help: "The library, or the wheel that carries it.", completion: .file(extensions: ["whl", "so"]))
    var path: String

    @OptionGroup var folder: DataOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let engine = try await Tools.required().installEngine(from: path, data: folder.data)
        try output.write(EngineReport(engine), asText: enginesText([engine]))
    }
}
