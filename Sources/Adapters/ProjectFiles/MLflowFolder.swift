// SPDX-License-Identifier: Apache-2.0
package import ExperimentTracking
internal import Foundation
internal import ModelDomain

/// A store of MLflow's in a folder (`mlruns`), of its second and its third generation:
///
/// ```
/// EXPERIMENT/meta.yaml, tags/      .trash/ has those that were deleted
/// EXPERIMENT/RUN/meta.yaml, params/, tags/, metrics/, inputs/, outputs/, artifacts/
/// EXPERIMENT/datasets/ID/meta.yaml
/// EXPERIMENT/models/m-…/meta.yaml, params/, tags/, metrics/, artifacts/
/// models/NAME/meta.yaml, tags/, aliases/, version-N/meta.yaml, tags/
/// ```
package struct MLflowFolder: ForeignStore {
    private let root: String
    private static let documentLimit = 32 << 20
    private static let textLimit = 1 << 20
    private static let metricLimit = 1 << 30

    /// - Throws: `PRJ-006` when there is no such folder, or nothing of MLflow's in it.
    package init(at path: String) throws {
        guard let root = resolvedPath(path), isDirectory(root) else {
            throw Refusal(
                .fileMissing, .notFound, "There is no folder “\(path)”.", hint: "Check the path; it is case-sensitive.")
        }
        self.root = root
        guard try !experimentPlaces().isEmpty || !names(in: "models").isEmpty else {
            throw Refusal(
                .fileMissing, .notFound, "Nothing in “\(path)” is an experiment of MLflow's.",
                hint: "Name the folder that MLflow's tracking URI names, as mlruns; or sqlite:///FILE for a database.")
        }
    }

    // MARK: Experiments and runs

    package func experiments() throws -> [(id: String, experiment: ForeignExperiment)] {
        try experimentPlaces().map { place in
            let document = try document("\(place)/meta.yaml")
            let created = try document.optionalNumber("creation_time") ?? 0
            return (
                place,
                ForeignExperiment(
                    name: try document.text("name"), createdAt: created,
                    updatedAt: try document.optionalNumber("last_update_time") ?? created,
                    isDeleted: try document.optionalText("lifecycle_stage") == "deleted" || place.hasPrefix(".trash/"),
                    tags: try texts(in: "\(place)/tags"))
            )
        }
    }

    private func experimentPlaces() throws -> [String] {
        try (names(in: "") + names(in: ".trash").map { ".trash/\($0)" })
            .filter { !$0.hasSuffix("models") && !$0.hasSuffix(".trash") && isThere("\($0)/meta.yaml") }
            .sorted { ($0.count, $0) < ($1.count, $1) }
    }

    package func runs(of experiment: String) throws -> [String] {
        try names(in: experiment).filter { !["tags", "datasets", "models", "traces"].contains($0) }
            .filter { isThere("\(experiment)/\($0)/meta.yaml") }
    }

    package func run(
        _ id: String, of experiment: String
    ) throws -> (run: ForeignRun, metrics: [String], files: String) {
        let place = "\(experiment)/\(id)"
        let document = try document("\(place)/meta.yaml")
        var run = ForeignRun(id: try document.optionalText("run_id") ?? document.text("run_uuid"))
        guard run.id == id else { throw unreadable("\(place)/meta.yaml", "it is about another run") }
        run.tags = try texts(in: "\(place)/tags")
        run.name =
            try run.tags["mlflow.runName"] ?? document.optionalText("run_name") ?? document.optionalText("name")
            ?? ""
        run.user = try document.optionalText("user_id") ?? ""
        run.status = try status(document.text("status"), in: place)
        run.startedAt = try document.optionalNumber("start_time") ?? 0
        run.endedAt = try document.optionalNumber("end_time")
        run.isDeleted = try document.optionalText("lifecycle_stage") == "deleted"
        run.params = try texts(in: "\(place)/params")
        for name in try names(in: "\(place)/inputs") {
            let input = try self.document("\(place)/inputs/\(name)/meta.yaml")
            let source = try input.text("source_id")
            if try input.optionalText("source_type") == "DATASET" {
                run.datasets.append(try dataset(source, of: experiment, tags: input.texts("tags")))
            } else {
                run.inputModels.append(source)
            }
        }
        for name in try names(in: "\(place)/outputs") {
            let output = try self.document("\(place)/outputs/\(name)/meta.yaml")
            run.outputModels.append(
                ForeignOutput(
                    model: try output.text("destination_id"), step: try output.optionalNumber("step") ?? 0))
        }
        return (run, try filesBelow("\(place)/metrics"), try files(of: place, document, "artifact_uri"))
    }

    private func dataset(_ id: String, of experiment: String, tags: [String: String]) throws -> ForeignDataset {
        let document = try document("\(experiment)/datasets/\(id)/meta.yaml")
        return ForeignDataset(
            name: try document.text("name"), digest: try document.text("digest"),
            sourceType: try document.optionalText("source_type") ?? "",
            source: try document.optionalText("source") ?? "", schema: try document.optionalText("schema"),
            profile: try document.optionalText("profile"), tags: tags)
    }

    /// `1795798984091 0.5 3`, and more behind it that tells of a data set.
    package func points(of metric: String, run: String, experiment: String) throws -> [ForeignPoint] {
        let place = "\(experiment)/\(run)/metrics/\(metric)"
        return try lines(place).map { try point($0, in: place) }
    }

    private func point(_ words: [Substring], in place: String) throws -> ForeignPoint {
        guard words.count >= 2, let time = Int64(words[0]), let value = Double(words[1].lowercased()),
            let step = words.count > 2 ? Int64(words[2]) : 0
        else { throw unreadable(place, "“\(words.joined(separator: " ").prefix(100))” is no point of a metric") }
        return ForeignPoint(value: value, timestamp: time, step: step)
    }

    private func lines(_ place: String) throws -> [[Substring]] {
        let text = String(decoding: try read(place, limit: Self.metricLimit), as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).map { $0.split(separator: " ") }.filter { !$0.isEmpty }
    }

    // MARK: Models

    package func loggedModels(of experiment: String) throws -> [String] {
        try names(in: "\(experiment)/models").filter { isThere("\(experiment)/models/\($0)/meta.yaml") }
    }

    package func loggedModel(
        _ id: String, of experiment: String
    ) throws -> (model: ForeignLoggedModel, files: String) {
        let place = "\(experiment)/models/\(id)"
        let document = try document("\(place)/meta.yaml")
        guard try document.text("model_id") == id else {
            throw unreadable("\(place)/meta.yaml", "it is about another model")
        }
        guard try document.optionalText("lifecycle_stage") != "deleted" else {
            throw unreadable("\(place)/meta.yaml", "the logged model was deleted")
        }
        var model = ForeignLoggedModel(id: id)
        model.name = try document.text("name")
        model.type = try document.optionalText("model_type") ?? ""
        model.sourceRun = try document.optionalText("source_run_id")
        model.status = try loggedModelStatus(document.optionalText("status"))
        model.createdAt = try document.number("creation_timestamp")
        model.updatedAt = try document.optionalNumber("last_updated_timestamp") ?? model.createdAt
        model.params = try texts(in: "\(place)/params")
        model.tags = try texts(in: "\(place)/tags")
        for key in try filesBelow("\(place)/metrics") {
            for words in try lines("\(place)/metrics/\(key)") {
                guard words.count >= 4 else { throw unreadable("\(place)/metrics/\(key)", "a line names no run") }
                model.metrics.append(
                    .init(
                        run: String(words[3]), key: key, point: try point(words, in: place),
                        datasetName: words.count > 5 ? String(words[4]) : nil,
                        datasetDigest: words.count > 5 ? String(words[5]) : nil))
            }
        }
        return (model, try files(of: place, document, "artifact_location"))
    }

    package func models() throws -> [String] { try names(in: "models").filter { isThere("models/\($0)/meta.yaml") } }

    package func model(_ name: String) throws -> ForeignModel {
        let place = "models/\(name)"
        let document = try document("\(place)/meta.yaml")
        var model = ForeignModel(name: try document.text("name"))
        model.description = try document.optionalText("description")
        model.createdAt = try document.number("creation_timestamp")
        model.updatedAt = try document.optionalNumber("last_updated_timestamp") ?? model.createdAt
        model.tags = try texts(in: "\(place)/tags")
        for (alias, number) in try texts(in: "\(place)/aliases") {
            guard let number = Int(number) else { throw unreadable("\(place)/aliases/\(alias)", "it is no number") }
            model.aliases[alias] = number
        }
        for folder in try names(in: place) where folder.hasPrefix("version-") {
            guard let number = Int(folder.dropFirst(8)), isThere("\(place)/\(folder)/meta.yaml") else { continue }
            let document = try self.document("\(place)/\(folder)/meta.yaml")
            // One that was deleted leaves its folder.
            guard try document.optionalText("current_stage") != "Deleted_Internal" else { continue }
            var version = ForeignVersion(number: number)
            version.description = try document.optionalText("description")
            version.createdAt = try document.number("creation_timestamp")
            version.updatedAt = try document.optionalNumber("last_updated_timestamp") ?? version.createdAt
            version.stage = try document.optionalText("current_stage") ?? "None"
            version.source = try document.optionalText("source")
            version.run = try document.optionalText("run_id").flatMap { $0.isEmpty ? nil : $0 }
            version.runLink = try document.optionalText("run_link")
            version.loggedModel = try document.optionalText("model_id")
            version.tags = try texts(in: "\(place)/\(folder)/tags")
            model.versions.append(version)
        }
        return model
    }

    package func leftBehind() throws -> [(what: String, count: Int)] {
        let traces = try experimentPlaces().map { try names(in: "\($0)/traces").count }.reduce(0, +)
        return traces > 0 ? [("traces", traces)] : []
    }

    // MARK: Files

    /// A copied store's own folder goes before what its documents say of the place where it once was.
    private func files(of place: String, _ document: MLflowDocument, _ key: String) throws -> String {
        isDirectory("\(root)/\(place)/artifacts") ? "\(place)/artifacts" : try document.optionalText(key) ?? ""
    }

    private func document(_ path: String) throws -> MLflowDocument {
        try MLflowDocument(try read(path, limit: Self.documentLimit), name: path)
    }

    private func read(_ path: String, limit: Int) throws -> [UInt8] {
        let file = try OpenFile(path, below: root)
        guard file.byteCount <= limit else { throw unreadable(path, "it has more than \(limit) bytes") }
        var bytes: [UInt8] = []
        while let piece = try file.next() {
            bytes += piece
            guard bytes.count <= limit else { throw unreadable(path, "it grows while it is read") }
        }
        return bytes
    }

    /// Texts by the names of their files, which may be in folders.
    private func texts(in folder: String) throws -> [String: String] {
        var found: [String: String] = [:]
        for name in try filesBelow(folder) {
            let bytes = try read("\(folder)/\(name)", limit: Self.textLimit)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw unreadable("\(folder)/\(name)", "it is not UTF-8")
            }
            found[name] = text
        }
        return found
    }

    private func filesBelow(_ folder: String) throws -> [String] {
        var found: [String] = []
        var waiting = [""]
        while let inner = waiting.popLast() {
            for name in try names(in: folder + inner) {
                if isDirectory("\(root)/\(folder)\(inner)/\(name)") {
                    waiting.append("\(inner)/\(name)")
                } else {
                    found.append(String("\(inner)/\(name)".dropFirst()))
                }
                guard found.count + waiting.count <= 100_000 else {
                    throw unreadable(folder, "there is too much in it")
                }
            }
        }
        return found.sorted()
    }

    /// What is directly in a folder, hidden things left out; nothing where there is none.
    private func names(in folder: String) throws -> [String] {
        let path = folder.isEmpty ? root : "\(root)/\(folder)"
        guard isDirectory(path) else { return [] }
        // A folder that a link leads to is somebody else's.
        guard resolvedPath(path) == path else { throw unreadable(folder, "it is, or leads through, a symbolic link") }
        return try FileManager.default.contentsOfDirectory(atPath: path).filter { !$0.hasPrefix(".") }.sorted()
    }

    private func isThere(_ path: String) -> Bool { FileManager.default.fileExists(atPath: "\(root)/\(path)") }
}

/// MLflow's numbers for what became of a run.
private func status(_ text: String, in place: String) throws -> String {
    let names = ["1": "RUNNING", "2": "SCHEDULED", "3": "FINISHED", "4": "FAILED", "5": "KILLED"]
    guard let name = names[text] ?? RunInfo.Status(rawValue: text)?.rawValue else {
        throw unreadable("\(place)/meta.yaml", "“\(text.prefix(40))” is no status")
    }
    return name
}

/// MLflow's numbers for what became of a logged model.
private func loggedModelStatus(_ text: String?) throws -> String {
    switch text {
    case "1": LoggedModel.Status.pending.rawValue
    case "3": LoggedModel.Status.uploadFailed.rawValue
    default: LoggedModel.Status.ready.rawValue
    }
}
