// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain
internal import ModelExecution
internal import Tensors

/// `worker.json` as far as the server reads it; `docs/formats/worker.md`. What else is in it is the worker's.
struct WorkerDescriptor: Sendable {
    static let schema = "slipway.worker/1"

    /// The folder of the bundle.
    let folder: String
    /// The descriptor's own name there.
    let name: String
    let needs: WorkerNeeds
    let inputs: [TensorSpec]
    let outputs: [TensorSpec]

    /// - Throws: ``EngineError/modelRefused(reason:)``.
    init(at file: ModelFile) throws(EngineError) {
        let url = URL(fileURLWithPath: file.path)
        folder = url.deletingLastPathComponent().path
        name = url.lastPathComponent
        // A process with foreign code may have written it: no link is followed, and its size is looked at first.
        var status = stat()
        guard unsafe lstat(file.path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= 16 << 20,
            let content = FileManager.default.contents(atPath: file.path)
        else { throw .modelRefused(reason: "“\(name)” cannot be read") }
        do throws(Refusal) {
            let fields = try FieldReader(document: Array(content), what: "descriptor")
            guard try fields.text("schema") == Self.schema else {
                throw FieldReader.damaged("the schema of “\(name)” is not \(Self.schema)")
            }
            let command = try fields.optionalTexts("command") ?? []
            let language = try fields.optionalText("language")
            guard (language == nil) != command.isEmpty else {
                throw FieldReader.damaged("“\(name)” names either a language or a command")
            }
            let lock = try fields.optionalText("environment")
            let inside = folder
            needs = WorkerNeeds(
                language: language,
                command: try command.enumerated().map { index, word throws(Refusal) in
                    try Self.resolved(word, isProgram: index == 0, in: inside)
                },
                lock: try lock.map { path throws(Refusal) in
                    guard isInside(path) else { throw FieldReader.damaged("“\(path.prefix(100))” leaves the bundle") }
                    return ModelFile(path: "\(inside)/\(path)")
                })
            inputs = try fields.tensorSpecs("inputs")
            outputs = try fields.tensorSpecs("outputs")
        } catch {
            throw .modelRefused(reason: error.explanation.message)
        }
    }

    /// `{folder}` stands for the bundle; a program with a slash that is not absolute lies in it.
    private static func resolved(_ word: String, isProgram: Bool, in folder: String) throws(Refusal) -> String {
        if isProgram, word.contains("/"), !word.hasPrefix("/"), !word.hasPrefix("{folder}") {
            guard isInside(word) else { throw FieldReader.damaged("“\(word.prefix(100))” leaves the bundle") }
            return "\(folder)/\(word)"
        }
        return word.replacingOccurrences(of: "{folder}", with: folder)
    }
}
