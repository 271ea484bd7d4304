// SPDX-License-Identifier: Apache-2.0
internal import ExperimentTracking
internal import ModelDomain

/// What runs read, and the models that they made.
extension SQLTrackingTransaction {
    func insert(_ inputs: [DatasetInput], of run: RunID) throws {
        guard !inputs.isEmpty, let info = try runInfo(run) else { return }
        let number = try number(of: run)
        for input in inputs {
            let dataset = try insert(input, in: info.experiment)
            let place: [String: SQLValue] = ["run": .integer(number), "dataset": .integer(dataset)]
            // The first time counts, with what it was read for.
            let isKnown =
                try transaction.rows(
                    "SELECT dataset FROM run_dataset WHERE run = :run AND dataset = :dataset", place
                ).first != nil
            guard !isKnown else { continue }
            try transaction.execute("INSERT INTO run_dataset (run, dataset) VALUES (:run, :dataset)", place)
            for tag in input.tags {
                try transaction.execute(
                    """
                    INSERT INTO run_dataset_tag (run, dataset, key, value) VALUES (:run, :dataset, :key, :value)
                    ON CONFLICT (run, dataset, key) DO UPDATE SET value = excluded.value
                    """, place.merging(["key": .text(tag.key), "value": .text(tag.value)]) { $1 })
            }
        }
    }

    /// - Returns: The data set's number: what is known of it already stays.
    private func insert(_ input: DatasetInput, in experiment: ExperimentID) throws -> Int64 {
        let key: [String: SQLValue] = [
            "experiment": .integer(experiment.number), "name": .text(input.key.name),
            "digest": .text(input.key.digest),
        ]
        let known = try transaction.rows(
            "SELECT number FROM dataset WHERE experiment = :experiment AND name = :name AND digest = :digest", key
        ).first
        if let known { return try known.integer64("number") }
        let number = try nextNumber("dataset")
        try transaction.execute(
            """
            INSERT INTO dataset (number, experiment, name, digest, source_type, source, schema_text, profile)
            VALUES (:number, :experiment, :name, :digest, :type, :source, :schema, :profile)
            """,
            key.merging([
                "number": .integer(number), "type": .text(input.sourceType), "source": .text(input.source),
                "schema": SQLValue(input.schema), "profile": SQLValue(input.profile),
            ]) { $1 })
        return number
    }

    func insert(inputModels models: [LoggedModelID], of run: RunID) throws {
        try insertModels(models.map { ($0, 0) }, of: run, direction: "input")
    }

    func insert(_ outputs: [ModelOutput], of run: RunID) throws {
        try insertModels(outputs.map { ($0.model, $0.step) }, of: run, direction: "output")
    }

    private func insertModels(_ models: [(LoggedModelID, Int64)], of run: RunID, direction: String) throws {
        guard !models.isEmpty else { return }
        let number = try number(of: run)
        for (model, step) in models {
            try transaction.execute(
                """
                INSERT INTO run_model (run, direction, model, step) VALUES (:run, :direction, :model, :step)
                ON CONFLICT (run, direction, model, step) DO NOTHING
                """,
                [
                    "run": .integer(number), "direction": .text(direction), "model": .text(model.text),
                    "step": .integer(step),
                ])
        }
    }

    func datasets(of runs: [Int64]) throws -> [Int64: [DatasetInput]] {
        guard !runs.isEmpty else { return [:] }
        let rows = try transaction.rows(
            """
            SELECT run_dataset.run, dataset.number, dataset.name, dataset.digest, dataset.source_type, dataset.source,
                dataset.schema_text, dataset.profile
            FROM run_dataset JOIN dataset ON dataset.number = run_dataset.dataset
            WHERE \(transaction.dialect.isAmong("run_dataset.run", ":list")) ORDER BY run_dataset.run, dataset.number
            """, ["list": .list(runs)])
        guard !rows.isEmpty else { return [:] }
        var tags: [[Int64]: [KeyedText]] = [:]
        for row in try transaction.rows(
            """
            SELECT run, dataset, key, value FROM run_dataset_tag WHERE \(transaction.dialect.isAmong("run", ":list"))
            ORDER BY run, dataset, key
            """, ["list": .list(runs)]
        ) {
            tags[[try row.integer64("run"), try row.integer64("dataset")], default: []]
                .append(KeyedText(try row.text("key"), try row.text("value")))
        }
        var found: [Int64: [DatasetInput]] = [:]
        for row in rows {
            let run = try row.integer64("run")
            found[run, default: []].append(
                DatasetInput(
                    key: DatasetKey(name: try row.text("name"), digest: try row.text("digest")),
                    sourceType: try row.text("source_type"), source: try row.text("source"),
                    schema: try row.optionalText("schema_text"), profile: try row.optionalText("profile"),
                    tags: tags[[run, try row.integer64("number")]] ?? []))
        }
        return found
    }

    func models(of runs: [Int64]) throws -> [Int64: (inputs: [LoggedModelID], outputs: [ModelOutput])] {
        guard !runs.isEmpty else { return [:] }
        var found: [Int64: (inputs: [LoggedModelID], outputs: [ModelOutput])] = [:]
        for row in try transaction.rows(
            """
            SELECT run, direction, model, step FROM run_model WHERE \(transaction.dialect.isAmong("run", ":list"))
            ORDER BY run, direction, step, model
            """, ["list": .list(runs)])
        {
            let run = try row.integer64("run")
            let model = try row.required(LoggedModelID(row.text("model")), "model")
            if try row.text("direction") == "input" {
                found[run, default: ([], [])].inputs.append(model)
            } else {
                found[run, default: ([], [])].outputs.append(ModelOutput(model: model, step: try row.integer64("step")))
            }
        }
        return found
    }

    func datasets(of experiments: [ExperimentID], limit: Int) throws -> [DatasetSummary] {
        guard !experiments.isEmpty else { return [] }
        return try transaction.rows(
            """
            SELECT DISTINCT dataset.experiment, dataset.name, dataset.digest, tag.value AS context
            FROM dataset JOIN run_dataset ON run_dataset.dataset = dataset.number
                LEFT JOIN run_dataset_tag AS tag ON tag.run = run_dataset.run AND tag.dataset = dataset.number
                    AND tag.key = :context
            WHERE \(transaction.dialect.isAmong("dataset.experiment", ":list"))
            ORDER BY dataset.experiment, dataset.name, dataset.digest, context LIMIT :limit
            """,
            [
                "context": .text(DatasetInput.contextTag), "limit": SQLValue(limit),
                "list": .list(experiments.map(\.number)),
            ]
        ).map { row in
            DatasetSummary(
                experiment: ExperimentID(try row.integer64("experiment")),
                key: DatasetKey(name: try row.text("name"), digest: try row.text("digest")),
                context: try row.optionalText("context"))
        }
    }
}
