// SPDX-License-Identifier: Apache-2.0
internal import ExperimentTracking
internal import Foundation
package import ModelDomain
internal import Tensors

/// One call of MLflow's API, once it is known who asks.
package struct MLflowCall: Sendable {
    package let fields: MLflowFields
    /// Parameters of the path by name, decoded.
    package let path: [String: String]
    package let project: ProjectName
    /// Who is written into the ledger.
    package let actor: String
    /// Whether the caller may decide what answers.
    package let mayDecide: Bool

    package init(
        fields: MLflowFields, path: [String: String], project: ProjectName, actor: String, mayDecide: Bool
    ) {
        self.fields = fields
        self.path = path
        self.project = project
        self.actor = actor
        self.mayDecide = mayDecide
    }

    /// `run_id`, or `run_uuid` as it was called before.
    ///
    /// - Throws: `TRK-002` for what is no id of a run.
    func runID(_ name: String = "run_id") throws -> RunID {
        let text = try fields.optionalText(name).flatMap { $0.isEmpty ? nil : $0 } ?? fields.text("run_uuid")
        return try knownForm(RunID(text), or: .unknownRun(text))
    }

    func experimentID(_ name: String = "experiment_id") throws -> ExperimentID {
        try experiment(try fields.text(name))
    }

    func experimentIDs() throws -> [ExperimentID] {
        try fields.texts("experiment_ids").map(experiment)
    }

    func loggedModelID() throws -> LoggedModelID {
        let text = try path["model_id"] ?? fields.text("model_id")
        return try knownForm(LoggedModelID(text), or: .unknownLoggedModel(text))
    }

    func experiment(_ text: String) throws -> ExperimentID {
        guard let id = ExperimentID(text: text) else {
            // A number that is none of ours is not there; anything else is no number.
            if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
                throw TrackingError.unknownExperiment(text)
            }
            throw Refusal(
                .wrongType, .invalidInput, "Invalid experiment ID: '\(text.prefix(100))'.",
                hint: "Experiments are numbered.")
        }
        return id
    }

    /// `max_results` and `page_token`.
    ///
    /// - Throws: `IN-006` over `ceiling`, or for a token that we did not give.
    func window(standard: Int, ceiling: Int) throws -> (offset: Int, limit: Int) {
        let limit = try fields.optionalInteger("max_results") ?? Int64(standard)
        guard (1...Int64(ceiling)).contains(limit) else {
            throw Refusal(
                .outOfRange, .invalidInput, "Invalid value \(limit) for parameter 'max_results' supplied.",
                hint: "Ask for 1 to \(ceiling).", details: [.init("field", "max_results")])
        }
        let token = try fields.optionalText("page_token") ?? ""
        return (try token.isEmpty ? 0 : offset(of: token), Int(limit))
    }

    /// What every search takes beside its filter.
    func search(
        _ grammar: SearchGrammar, filter: String = "filter", standard: Int, ceiling: Int
    ) throws -> SearchRequest {
        var search = SearchRequest()
        search.filter = try grammar.filter(fields.optionalText(filter) ?? "")
        search.order = try fields.texts("order_by").flatMap { try $0.isEmpty ? [] : [grammar.order($0)] }
        (search.offset, search.limit) = try window(standard: standard, ceiling: ceiling)
        return search
    }

    func keyedTexts(_ name: String, key: String = "key") throws -> [KeyedText] {
        try fields.list(name).map { KeyedText(try $0.text(key), try $0.optionalText("value") ?? "") }
    }

    func model(_ name: String = "name") throws -> ModelReference {
        ModelReference(project: project, name: try modelName(name))
    }

    func modelName(_ name: String = "name") throws -> ModelName { try ModelName(fields.text(name)) }

    /// `version`, a number or a text with one.
    func version() throws -> Int {
        guard fields.has("version"), let number = try? fields.optionalInteger("version"),
            let version = Int(exactly: number)
        else {
            throw Refusal(
                .versionUnknown, .invalidInput, "Parameter 'version' must be the number of a version.",
                details: [.init("field", "version")])
        }
        return version
    }
}

/// - Throws: `error` when there is no value.
func knownForm<Value>(_ value: Value?, or error: TrackingError) throws -> Value {
    guard let value else { throw error }
    return value
}

// MARK: Page tokens

/// Where the next page begins, as a token that clients hand back as it is.
func pageToken(_ offset: Int?) -> JSONValue? {
    offset.map { .string(Data("{\"offset\":\($0)}".utf8).base64EncodedString()) }
}

private func offset(of token: String) throws -> Int {
    guard token.utf8.count <= 100, let data = Data(base64Encoded: token),
        let value = try? JSONValue.parse([UInt8](data)),
        let number = value["offset"]?.integer, number >= 0, let offset = Int(exactly: number), offset < 1 << 40
    else {
        throw Refusal(
            .outOfRange, .invalidInput, "“\(token.prefix(100))” is no page token of this server.",
            hint: "Hand back the next_page_token of the page before.", details: [.init("field", "page_token")])
    }
    return offset
}
