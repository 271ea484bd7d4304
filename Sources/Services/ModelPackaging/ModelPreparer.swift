// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import ModelExecution
internal import Tensors

/// What is to be made ready for serving: a model that no engine of this program opens as it is.
package struct PreparationRequest: Sendable, Equatable {
    /// Absolute paths, except for `package.module:Name`.
    package var source: String
    package var rows: String?
    /// A column of the rows that is no input.
    package var target: String?
    /// The descriptor that was written beside rows recorded by the original itself.
    package var recorded: String?
    package var baseline: String?
    /// A folder that goes onto the module path.
    package var code: String?
    /// Whether to try to convert it.
    package var converts = true

    package init(source: String) { self.source = source }
}

/// A model with its original's answers, ready for a worker and, where a converter knew how, for the native engine:
/// `docs/formats/prepared-model.md`.
package struct PreparedModel: Sendable {
    package let report: PreparedReport
    /// Holds every file that the report names, for as long as somebody holds this.
    package let folder: any ProjectFolder

    package init(report: PreparedReport, folder: any ProjectFolder) {
        self.report = report
        self.folder = folder
    }
}

/// Makes models ready, in a process apart: nothing of them is opened in this one.
package protocol ModelPreparer: Sendable {
    /// Blocks for as long as it takes.
    ///
    /// - Throws: Refusals that say what about the model, its rows or its environment is not as it should be.
    func prepare(
        _ request: PreparationRequest, progress: @Sendable (String) -> Void
    ) throws -> PreparedModel
}

/// `report.json` of a preparation that succeeded.
package struct PreparedReport: Sendable, Equatable {
    package static let schema = "slipway.prepared/1"

    /// A converted form.
    package struct Candidate: Sendable, Equatable {
        /// What an engine opens: an ONNX file, or the descriptor of a forest.
        package let file: String
        /// That, and what it refers to.
        package let files: [String]
        /// `skl2onnx 1.19.1`.
        package let converter: String
        /// What it is like: `float64`, `float32`.
        package let form: String
    }

    /// What a converter could not do, and why.
    package struct NotConverted: Sendable, Equatable {
        package let converter: String
        package let form: String
        package let reason: String
    }

    /// Of the original: `sklearn.pipeline.Pipeline`.
    package let type: String
    package let task: String?
    /// `nil` for a source that is native already: then it is the only candidate, and nobody was asked for answers.
    package let descriptor: String?
    package let workerFiles: [String]
    package let columns: [ProjectFile.Column]
    package let candidates: [Candidate]
    package let notConverted: [NotConverted]
    package let examples: String?
    package let edges: String?
    /// What each line of ``edges`` is.
    package let edgeKinds: [String]
    package let origin: ExampleOrigin
    package let baseline: String?
    package let notes: [String]

    /// - Throws: `PRJ-009` that names what is not as the page says.
    package init(_ bytes: [UInt8]) throws(Refusal) {
        let fields = try FieldReader(document: bytes, what: "report")
        guard try fields.text("schema") == Self.schema, try fields.text("status") == "prepared" else {
            throw FieldReader.damaged("its report is none of \(Self.schema)")
        }
        type = try fields.text("type")
        task = try fields.optionalText("task")
        descriptor = try fields.optionalText("descriptor")
        workerFiles = try fields.texts("worker_files")
        columns = try fields.list("columns").map { column throws(Refusal) in
            guard let datatype = Datatype(columnType: try column.text("type")) else {
                throw FieldReader.damaged("a column's type is not known")
            }
            return ProjectFile.Column(
                name: try column.text("name"), datatype: datatype,
                isNullable: try column.optionalFlag("nullable") ?? false, range: nil)
        }
        candidates = try fields.list("candidates").map { candidate throws(Refusal) in
            let file = try candidate.text("file")
            return Candidate(
                file: file, files: try candidate.optionalTexts("files") ?? [file],
                converter: try candidate.text("converter"), form: try candidate.text("form"))
        }
        notConverted = try fields.list("not_converted").map { attempt throws(Refusal) in
            NotConverted(
                converter: try attempt.text("converter"), form: try attempt.text("form"),
                reason: try attempt.text("reason"))
        }
        examples = try fields.optionalText("examples")
        edges = try fields.optionalText("edges")
        edgeKinds = try fields.optionalTexts("edge_kinds") ?? []
        guard let origin = ExampleOrigin(rawValue: try fields.text("origin")) else {
            throw FieldReader.damaged("the origin of its examples is not known")
        }
        self.origin = origin
        baseline = try fields.optionalText("baseline")
        notes = try fields.optionalTexts("notes") ?? []
    }

    /// What a preparation that failed says.
    package static func failure(_ bytes: [UInt8]) -> Refusal? {
        guard let fields = try? FieldReader(document: bytes, what: "report"), (try? fields.text("status")) == "error",
            let message = try? fields.text("message"), let code = try? fields.text("code")
        else { return nil }
        let hint = (try? fields.optionalText("hint")) ?? nil
        let known: ErrorCode =
            switch code {
            case "module_missing": .environmentMissing
            case "file_missing": .fileMissing
            case "rows_unusable": .examplesUnusable
            case "load_failed", "predict_failed": .modelRefused
            default: .modelNotFound
            }
        return Refusal(known, .invalidInput, String(message.prefix(1000)), hint: hint.map { String($0.prefix(1000)) })
    }
}
