// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import ModelExecution
internal import Tensors

/// What a project leaves open.
extension Packager {
    enum Source {
        /// An ONNX file.
        case native(String)
        /// The descriptor of a forest or of a worker, whose files lie beside it.
        case described(String, engine: String)
        /// What has to be prepared first; `.` for the folder itself.
        case foreign(String)
    }

    /// Names by which folders of other systems, and folders with code, are known.
    private static let folderMarks = ["MLmodel", "model-settings.json", "config.pbtxt", "predict.py"]
    private static let foreignEndings = [
        ".joblib", ".pkl", ".pickle", ".skops", ".cbm", ".ubj", ".pt", ".pth", ".keras",
    ]

    func modelSource(of project: ProjectFile) throws -> Source {
        if let source = project.source {
            if let engine = Self.descriptors[source] { return .described(source, engine: engine) }
            return source.hasSuffix(".onnx") ? .native(source) : .foreign(source)
        }
        let names = try folder.fileNames()
        if let (name, engine) = Self.descriptors.first(where: { names.contains($0.key) }) {
            return .described(name, engine: engine)
        }
        if names.contains(where: Self.folderMarks.contains) { return .foreign(".") }
        let candidates = names.filter { name in
            name.hasSuffix(".onnx") || Self.foreignEndings.contains { name.hasSuffix($0) }
        }
        guard candidates.count == 1 else {
            throw Refusal(
                .modelNotFound, .invalidInput,
                candidates.isEmpty
                    ? "There is no model in “\(folder.name)”."
                    : "There are several model files in “\(folder.name)”: \(candidates.joined(separator: ", ")).",
                hint: "Name one as `model.source` in slipway.yaml, or deploy the file itself.")
        }
        return candidates[0].hasSuffix(".onnx") ? .native(candidates[0]) : .foreign(candidates[0])
    }

    func modelName(of project: ProjectFile, source: String) throws -> ModelName {
        if let name = project.name { return name }
        let file = lastPart(of: source)
        let stem = file.split(separator: ".").first.map(String.init) ?? "model"
        let isUnnamed = stem == "model" || file == "." || Self.descriptors[file] != nil
        return try ModelName(isUnnamed ? folder.name : stem)
    }

    /// Large models keep their weights in a file beside, under one of two customary names.
    func externalData(of source: String, in models: any ProjectFolder) throws -> [String] {
        // One that a link names elsewhere has nothing beside it that a person named.
        guard !source.hasPrefix("/") else { return [] }
        return try [source + ".data", source + "_data"].filter { try models.contains($0) }
    }

    /// - Returns: `nil` unless the model has one matrix of so many columns.
    func matrixColumns(_ names: [String], of engine: any InferenceEngine) -> [ProjectFile.Column]? {
        guard engine.inputs.count == 1, engine.inputs[0].shape.count == 2, names != [engine.inputs[0].name],
            (engine.inputs[0].shape[1].size ?? names.count) == names.count
        else { return nil }
        let isNullable = engine.inputs[0].datatype.canBeMissing
        return names.map { ProjectFile.Column(name: $0, datatype: nil, isNullable: isNullable, range: nil) }
    }

    /// The header of the examples names the columns of a matrix, when nothing else does and it has as many.
    func columnsFromTable(
        _ project: ProjectFile, engine: any InferenceEngine
    ) throws -> [ProjectFile.Column]? {
        guard let data = project.examples?.data, data.hasSuffix(".csv"), engine.inputs.count == 1,
            let input = engine.inputs.first, input.shape.count == 2, let width = input.shape[1].size, width > 1
        else { return nil }
        let header = try ExampleRecorder.header(of: data, in: folder)
        let outputs = engine.outputs.map(\.name)
        let columns = header.filter { name in !outputs.contains { name == $0 || name.hasPrefix($0 + "[") } }
        guard columns.count == width, columns.first != input.name + "[0]" else { return nil }
        return columns.map { ProjectFile.Column(name: $0, datatype: nil, isNullable: false, range: nil) }
    }
}

/// A classifier gives a label and, beside it, a score for each class.
func inferredTask(of signature: Signature) -> String? {
    let hasLabel = signature.outputs.contains {
        ($0.datatype.isInteger || $0.datatype == .bytes) && $0.shape.count <= 2
    }
    let scores = signature.outputs.first {
        $0.datatype.isFloatingPoint && $0.shape.count == 2 && ($0.shape[1].size ?? 0) >= 2
    }
    guard hasLabel, let scores else { return nil }
    return scores.shape[1].size == 2
        ? ProjectFile.Task.binaryClassification.rawValue : ProjectFile.Task.multiclassClassification.rawValue
}

/// What stands before the last part of a path; empty where nothing does.
func folderName(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
}

func lastPart(of path: String) -> String {
    String(path.split(separator: "/").last ?? "")
}
