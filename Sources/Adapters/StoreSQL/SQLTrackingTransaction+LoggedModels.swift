// SPDX-License-Identifier: Apache-2.0
internal import ExperimentTracking
internal import ModelDomain

/// Models that runs logged.
extension SQLTrackingTransaction {
    func loggedModel(_ id: LoggedModelID) throws -> LoggedModel? {
        try loggedModels("WHERE logged_model.id = :id", ["id": .text(id.text)]).first
    }

    func loggedModels(
        of experiments: [ExperimentID], datasets: [DatasetKey], _ request: SearchRequest
    ) throws -> [LoggedModel] {
        guard !experiments.isEmpty else { return [] }
        var search = SQLSearch(.loggedModels, dialect: transaction.dialect)
        search.datasets = datasets
        let conditions = try search.conditions(request.filter) + search.measuredOnWantedDatasets()
        let (joins, terms) = try search.order(request.order)
        let order = terms + ["logged_model.created_at DESC", "logged_model.number DESC"]
        return try loggedModels(
            """
            \(joins) WHERE \(transaction.dialect.isAmong("logged_model.experiment", ":list"))
                AND logged_model.deleted_at IS NULL\(conditions)
            ORDER BY \(order.joined(separator: ", ")) LIMIT :limit OFFSET :offset
            """,
            search.parameters.merging(request.window) { $1 }
                .merging(["list": .list(experiments.map(\.number))]) { $1 })
    }

    private func loggedModels(_ rest: String, _ parameters: [String: SQLValue]) throws -> [LoggedModel] {
        let rows = try transaction.passingRows(
            """
            SELECT logged_model.number, logged_model.id, logged_model.experiment, logged_model.name,
                logged_model.model_type, logged_model.source_run, logged_model.status, logged_model.created_at,
                logged_model.updated_at, logged_model.deleted_at
            FROM logged_model\(rest.hasPrefix(" ") ? "" : " ")\(rest)
            """, parameters)
        let numbers = try rows.map { try $0.integer64("number") }
        let params = try texts("logged_model_param", "owner", of: numbers)
        let tags = try texts("logged_model_tag", "owner", of: numbers)
        let metrics = try metrics(ofModels: numbers)
        return try zip(rows, numbers).map { row, number in
            var model = try LoggedModel(row)
            model.params = params[number] ?? []
            model.tags = tags[number] ?? []
            model.metrics = metrics[number] ?? []
            return model
        }
    }

    private func metrics(ofModels models: [Int64]) throws -> [Int64: [(point: MetricPoint, run: RunID)]] {
        guard !models.isEmpty else { return [:] }
        var found: [Int64: [(point: MetricPoint, run: RunID)]] = [:]
        for row in try transaction.rows(
            """
            SELECT metric.owner, metric.key, metric.value, metric.kind, metric.timestamp_ms, metric.step,
                metric.dataset_name, metric.dataset_digest, run.id AS run_id, logged_model.id AS model
            FROM logged_model_metric AS metric JOIN run ON run.number = metric.run
                JOIN logged_model ON logged_model.number = metric.owner
            WHERE \(transaction.dialect.isAmong("metric.owner", ":list"))
            ORDER BY metric.owner, metric.key, metric.dataset_name, metric.dataset_digest, run.number
            """, ["list": .list(models)])
        {
            found[try row.integer64("owner"), default: []].append(
                (try MetricPoint(row, key: try row.text("key")), try row.required(RunID(row.text("run_id")), "run_id")))
        }
        return found
    }

    func insert(_ model: LoggedModel) throws {
        let number = try nextNumber("logged_model")
        try transaction.execute(
            """
            INSERT INTO logged_model
                (number, id, experiment, name, model_type, source_run, status, created_at, updated_at)
            VALUES (:number, :id, :experiment, :name, :type, :run, :status, :created, :updated)
            """,
            [
                "number": .integer(number), "id": .text(model.id.text),
                "experiment": .integer(model.experiment.number), "name": .text(model.name), "type": .text(model.type),
                "run": SQLValue(model.sourceRun?.text), "status": .text(model.status.rawValue),
                "created": SQLValue(model.createdAt), "updated": SQLValue(model.updatedAt),
            ])
        for param in model.params { try setText("logged_model_param", "owner", number, param.key, param.value) }
        for tag in model.tags { try setText("logged_model_tag", "owner", number, tag.key, tag.value) }
    }

    func setStatus(_ status: LoggedModel.Status, of model: LoggedModelID, at time: Timestamp) throws {
        try transaction.execute(
            "UPDATE logged_model SET status = :status, updated_at = :time WHERE id = :id",
            ["status": .text(status.rawValue), "time": SQLValue(time), "id": .text(model.text)])
    }

    func insertParams(_ params: [KeyedText], of model: LoggedModelID) throws {
        let number = try knownNumber(of: model)
        for param in params { try setText("logged_model_param", "owner", number, param.key, param.value) }
    }

    func setTag(_ key: String, to value: String?, of model: LoggedModelID, at time: Timestamp) throws {
        try setText("logged_model_tag", "owner", try knownNumber(of: model), key, value)
        try transaction.execute(
            "UPDATE logged_model SET updated_at = :time WHERE id = :id",
            ["time": SQLValue(time), "id": .text(model.text)])
    }

    func remove(_ model: LoggedModelID, at time: Timestamp) throws {
        try transaction.execute(
            "UPDATE logged_model SET deleted_at = :time WHERE id = :id",
            ["time": SQLValue(time), "id": .text(model.text)])
    }

    func number(of model: LoggedModelID) throws -> Int64? {
        try transaction.rows("SELECT number FROM logged_model WHERE id = :id", ["id": .text(model.text)])
            .first?.integer64("number")
    }

    private func knownNumber(of model: LoggedModelID) throws -> Int64 {
        guard let number = try number(of: model) else { throw TrackingError.unknownLoggedModel(model.text) }
        return number
    }
}

extension LoggedModel {
    fileprivate init(_ row: SQLRow) throws {
        self.init(
            id: try row.required(LoggedModelID(row.text("id")), "id"),
            experiment: ExperimentID(try row.integer64("experiment")), name: try row.text("name"),
            type: try row.text("model_type"), sourceRun: try row.optionalText("source_run").flatMap(RunID.init),
            status: try row.required(Status(rawValue: try row.text("status")), "status"),
            createdAt: try row.time("created_at"), updatedAt: try row.time("updated_at"))
        isDeleted = try row.optionalInteger("deleted_at") != nil
    }
}

extension SearchSubject {
    fileprivate static let loggedModels = SearchSubject(
        attributes: [
            "name": "logged_model.name", "model_id": "logged_model.id", "model_type": "logged_model.model_type",
            // Callers know the states by short names too: READY for LOGGED_MODEL_READY.
            "status": "REPLACE(logged_model.status, 'LOGGED_MODEL_', '')",
            "source_run_id": "logged_model.source_run", "creation_time": "logged_model.created_at / 1000",
            "last_updated_time": "logged_model.updated_at / 1000",
        ],
        tags: KeyedTable(name: "logged_model_tag", match: "%.owner = logged_model.number"),
        params: KeyedTable(name: "logged_model_param", match: "%.owner = logged_model.number"),
        metrics: KeyedTable(name: "logged_model_metric", match: "%.owner = logged_model.number"))
}
