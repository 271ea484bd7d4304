// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain

/// What can be searched for, and how it is written: MLflow's grammar for each kind of thing.
package struct SearchGrammar: Sendable {
    enum Kind: Sendable { case text, number }

    /// The attributes by the names that people may use, each with the one that stands for it.
    let attributes: [String: (name: String, kind: Kind)]
    /// Attributes that may be asked to be one of a list.
    let listed: Set<String>
    /// Words before the dot, and what they stand for.
    let entities: [String: Entity]
    /// Whether parameters and tags may be asked to be one of a list.
    var listsTexts = false

    enum Entity: Sendable { case attribute, metric, param, tag, dataset }

    private init(
        numbers: [String: String] = [:], texts: [String: String], listed: Set<String>, entities: [String: Entity],
        listsTexts: Bool = false
    ) {
        self.listsTexts = listsTexts
        attributes = numbers.mapValues { ($0, .number) }.merging(texts.mapValues { ($0, .text) }) { first, _ in first }
        self.listed = listed
        self.entities = entities
    }

    package static let runs = SearchGrammar(
        numbers: [
            "start_time": "start_time", "created": "start_time", "Created": "start_time", "end_time": "end_time",
        ],
        texts: [
            "run_id": "run_id", "run_name": "run_name", "run name": "run_name", "Run name": "run_name",
            "Run Name": "run_name", "status": "status", "user_id": "user_id", "artifact_uri": "artifact_uri",
        ],
        listed: ["run_id", "dataset"],
        entities: attributeWords + ["run": .attribute] + tagWords + paramWords + metricWords + datasetWords)

    package static let experiments = SearchGrammar(
        numbers: ["creation_time": "creation_time", "last_update_time": "last_update_time"],
        texts: ["name": "name", "experiment_id": "experiment_id"], listed: ["experiment_id"],
        entities: attributeWords + tagWords)

    /// The tag of registered models that are prompts, and no models.
    package static let promptTag = "mlflow.prompt.is_prompt"

    package static let models = SearchGrammar(
        texts: ["name": "name"], listed: ["name"], entities: attributeWords + tagWords)

    package static let versions = SearchGrammar(
        numbers: ["version_number": "version_number"],
        texts: ["name": "name", "run_id": "run_id", "source_path": "source_path"], listed: ["name", "run_id"],
        entities: attributeWords + tagWords)

    package static let loggedModels = SearchGrammar(
        numbers: [
            "creation_timestamp": "creation_time", "creation_time": "creation_time",
            "last_updated_timestamp": "last_updated_time", "last_updated_time": "last_updated_time",
        ],
        texts: [
            "name": "name", "model_id": "model_id", "model_type": "model_type", "status": "status",
            "source_run_id": "source_run_id",
        ],
        listed: ["name", "model_id", "model_type", "status", "source_run_id"],
        entities: attributeWords + tagWords + paramWords + metricWords, listsTexts: true)

    /// By which attributes more can be sorted than searched for.
    var sortable: [String: String] {
        let others = [
            "last_updated_timestamp": "last_updated_time", "creation_timestamp": "creation_time",
            "timestamp": "creation_time", "last_updated_time": "last_updated_time", "creation_time": "creation_time",
            "last_update_time": "last_update_time", "version_number": "version_number",
        ]
        var sortable = attributes.mapValues(\.name).merging(others) { first, _ in first }
        // Searched for as a text; sorted so, the tenth would come before the second.
        if sortable["experiment_id"] != nil { sortable["experiment_id"] = "experiment_number" }
        return sortable
    }
}

private let attributeWords: [String: SearchGrammar.Entity] = [
    "attributes": .attribute, "attribute": .attribute, "attr": .attribute,
]
private let tagWords: [String: SearchGrammar.Entity] = ["tags": .tag, "tag": .tag]
private let paramWords: [String: SearchGrammar.Entity] = [
    "params": .param, "param": .param, "parameter": .param, "parameters": .param,
]
private let metricWords: [String: SearchGrammar.Entity] = ["metrics": .metric, "metric": .metric]
private let datasetWords: [String: SearchGrammar.Entity] = ["datasets": .dataset, "dataset": .dataset]

private func + (
    left: [String: SearchGrammar.Entity], right: [String: SearchGrammar.Entity]
) -> [String: SearchGrammar.Entity] { left.merging(right) { first, _ in first } }
