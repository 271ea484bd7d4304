// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import ModelPackaging

extension PackOptions.EnvironmentChoice: ExpressibleByArgument {}
extension SandboxChoice: ExpressibleByArgument {}

/// What is packed, and what the command line says of it beside its project file.
struct SourceOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "A model file (ONNX, scikit-learn, XGBoost, LightGBM, CatBoost, TorchScript, …), or a folder with one.",
            discussion: "Folders of MLflow, Triton and MLServer are taken as they are, and folders with a predict.py."),
        completion: .file())
    var path: String

    @Option(
        help: ArgumentHelp(
            "Rows like those that the model will meet; of an ONNX model, with the original's answers.",
            valueName: "file"),
        completion: .file(extensions: ["csv", "jsonl"]))
    var examples: String?

    @Option(
        help: ArgumentHelp("Training data, of which a profile goes into the bundle.", valueName: "file"),
        completion: .file(extensions: ["csv", "jsonl"]))
    var baseline: String?

    @Option(help: ArgumentHelp("A column of both that is no input: what the model predicts.", valueName: "column"))
    var target: String?

    @Option(
        help: ArgumentHelp("The folder with modules of your own that the model needs.", valueName: "dir"),
        completion: .directory)
    var code: String?

    @Option(
        help: ArgumentHelp(
            "What runs it: native, worker, or auto: native where that is proven to answer as the original.",
            valueName: "engine"))
    var engine: String?

    @Option(
        help: ArgumentHelp(
            "The Python that workers here use: active, the one it is packed with, or locked, one of its own.",
            valueName: "which"))
    var environment: PackOptions.EnvironmentChoice = .active

    @Option(
        help: ArgumentHelp(
            "How strongly the process that opens the model has to be confined: full, weak (as this machine can), off.",
            valueName: "how"))
    var sandbox: SandboxChoice?

    @Option(help: "What to call the model; without it, as the project file or the model file says.")
    var name: ModelName?

    @Option(help: "The project that the model belongs to.")
    var project: ProjectName?

    /// The version of the registry that is meant; `nil` for something on a disk.
    var registered: RegisteredSource? {
        get throws {
            try Tools.required().isThere(path) ? nil : RegisteredSource(path, project: project)
        }
    }

    /// Packs, telling a person who watches how far it is.
    ///
    /// - Parameter server: Where registered versions are that a graph uses.
    func pack(for server: ServerOptions) async throws -> any PackedProject {
        let console = Console.current
        var options = PackOptions(
            path: path, name: name?.rawValue, project: project?.rawValue, examples: examples, baseline: baseline)
        options.target = target
        options.code = code
        options.engine = engine
        options.environment = environment
        options.data = server.folder.data
        options.server = { try await server.client() }
        options.sandbox = sandbox
        let packed = try await Tools.required().pack(options, progress: { console.progress($0) })
        if let conversion = packed.bundle.conversion { console.note(conversion.line.printable) }
        for note in packed.bundle.notes { console.note("note: \(note.printable)") }
        return packed
    }
}
