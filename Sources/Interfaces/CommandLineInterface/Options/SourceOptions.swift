// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ModelDomain
internal import ModelPackaging

/// What is packed, and what the command line says of it beside its project file.
struct SourceOptions: ParsableArguments {
    @Argument(help: "A model file, or a folder with one and its slipway.yaml.", completion: .file())
    var path: String

    @Option(
        help: ArgumentHelp("Recorded rows with the original's answers.", valueName: "file"),
        completion: .file(extensions: ["csv", "jsonl"]))
    var examples: String?

    @Option(
        help: ArgumentHelp("Training data, of which a profile goes into the bundle.", valueName: "file"),
        completion: .file(extensions: ["csv", "jsonl"]))
    var baseline: String?

    @Option(help: "What to call the model; without it, as the project file or the model file says.")
    var name: ModelName?

    @Option(help: "The project that the model belongs to.")
    var project: ProjectName?

    /// Packs, telling a person who watches how far it is.
    func pack() async throws -> any PackedProject {
        let console = Console.current
        let packed = try await Tools.required().pack(
            PackOptions(
                path: path, name: name?.rawValue, project: project?.rawValue, examples: examples, baseline: baseline),
            progress: { console.progress($0) })
        for note in packed.bundle.notes { console.note("note: \(note.printable)") }
        return packed
    }
}
