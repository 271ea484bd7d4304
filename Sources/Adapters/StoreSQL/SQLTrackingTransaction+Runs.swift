// SPDX-License-Identifier: Apache-2.0
internal import ExperimentTracking
internal import ModelDomain

/// Runs, and what is found of them.
extension SQLTrackingTransaction {
    func runInfo(_ id: RunID) throws -> RunInfo? {
        try transaction.rows("\(selectRun) WHERE id = :id", ["id": .text(id.text)]).first.map(RunInfo.init)
    }

    func runs(_ ids: [RunID]) throws -> [Run] {
        guard !ids.isEmpty else { return [] }
        let rows = try transaction.rows(
            "\(selectRun) WHERE \(transaction.dialect.isAmongWords("id", ":list"))", ["list": .list(ids.map(\.text))])
        let numbers = try rows.map { try $0.integer64("number") }
        let metrics = try latestMetrics(of: numbers)
        let params = try texts("run_param", "run", of: numbers)
        let tags = try texts("run_tag", "run", of: numbers)
        let datasets = try datasets(of: numbers)
        let models = try models(of: numbers)
        var found: [RunID: Run] = [:]
        for (row, number) in zip(rows, numbers) {
            var run = Run(info: try RunInfo(row))
            run.metrics = metrics[number] ?? []
            run.params = params[number] ?? []
            run.tags = tags[number] ?? []
            run.datasets = datasets[number] ?? []
            run.inputModels = models[number]?.inputs ?? []
            run.outputModels = models[number]?.outputs ?? []
            found[run.info.id] = run
        }
        return ids.compactMap { found[$0] }
    }

    func runs(of experiments: [ExperimentID], _ request: SearchRequest) throws -> [RunID] {
        guard !experiments.isEmpty else { return [] }
        var search = SQLSearch(.runs, dialect: transaction.dialect)
        let conditions = try search.conditions(request.filter)
        let (joins, terms) = try search.order(request.order)
        let order = (terms + ["run.started_ms DESC", "run.id"]).joined(separator: ", ")
        return try transaction.passingRows(
            """
            SELECT run.id FROM run\(joins) WHERE \(transaction.dialect.isAmong("run.experiment", ":list"))
            \(request.view.condition("run.deleted_at"))\(conditions)
            ORDER BY \(order) LIMIT :limit OFFSET :offset
            """,
            search.parameters.merging(request.window) { $1 }
                .merging(["list": .list(experiments.map(\.number))]) { $1 }
        ).map { try $0.required(RunID($0.text("id")), "id") }
    }

    func params(_ keys: [String], of run: RunID) throws -> [KeyedText] {
        var parameters: [String: SQLValue] = ["run": .text(run.text)]
        for (index, key) in keys.enumerated() { parameters["k\(index)"] = .text(key) }
        return try transaction.rows(
            """
            SELECT key, value FROM run_param WHERE run = (SELECT number FROM run WHERE id = :run)
                AND key IN (\(keys.indices.map { ":k\($0)" }.joined(separator: ", ")))
            """, parameters
        ).map { KeyedText(try $0.text("key"), try $0.text("value")) }
    }

    func insert(_ run: RunInfo, tags: [KeyedText]) throws {
        let number = try nextNumber("run")
        try transaction.execute(
            """
            INSERT INTO run (number, id, experiment, name, user_name, status, started_ms, ended_ms)
            VALUES (:number, :id, :experiment, :name, :user, :status, :started, :ended)
            """,
            [
                "number": .integer(number), "id": .text(run.id.text), "experiment": .integer(run.experiment.number),
                "name": .text(run.name), "user": .text(run.user), "status": .text(run.status.rawValue),
                "started": .integer(run.startedAt), "ended": run.endedAt.map(SQLValue.integer) ?? .null,
            ])
        for tag in tags { try setText("run_tag", "run", number, tag.key, tag.value) }
    }

    func update(_ run: RunInfo) throws {
        try transaction.execute(
            "UPDATE run SET name = :name, status = :status, ended_ms = :ended WHERE id = :id",
            [
                "name": .text(run.name), "status": .text(run.status.rawValue),
                "ended": run.endedAt.map(SQLValue.integer) ?? .null, "id": .text(run.id.text),
            ])
    }

    func setDeleted(_ isDeleted: Bool, _ run: RunID, at time: Timestamp) throws {
        try transaction.execute(
            "UPDATE run SET deleted_at = :time WHERE id = :id",
            ["time": isDeleted ? SQLValue(time) : .null, "id": .text(run.text)])
    }

    func setTag(_ key: String, to value: String?, of run: RunID) throws {
        try setText("run_tag", "run", try number(of: run), key, value)
    }

    func insertParams(_ params: [KeyedText], of run: RunID) throws {
        let number = try number(of: run)
        for param in params { try setText("run_param", "run", number, param.key, param.value) }
    }

    func number(of run: RunID) throws -> Int64 {
        let row = try transaction.rows("SELECT number FROM run WHERE id = :id", ["id": .text(run.text)]).first
        guard let row else { throw TrackingError.unknownRun(run.text) }
        return try row.integer64("number")
    }
}

private let selectRun = """
    SELECT number, id, experiment, name, user_name, status, started_ms, ended_ms, deleted_at FROM run
    """

extension RunInfo {
    fileprivate init(_ row: SQLRow) throws {
        self.init(
            id: try row.required(RunID(row.text("id")), "id"),
            experiment: ExperimentID(try row.integer64("experiment")),
            name: try row.text("name"), user: try row.text("user_name"),
            status: try row.required(Status(rawValue: try row.text("status")), "status"),
            startedAt: try row.integer64("started_ms"), endedAt: try row.optionalInteger64("ended_ms"),
            isDeleted: try row.optionalInteger("deleted_at") != nil)
    }
}

extension SearchSubject {
    fileprivate static let runs = SearchSubject(
        attributes: [
            "run_id": "run.id", "run_name": "run.name", "status": "run.status", "user_id": "run.user_name",
            "start_time": "run.started_ms", "end_time": "run.ended_ms",
            "artifact_uri":
                "'mlflow-artifacts:/' || CAST(run.experiment AS TEXT) || '/' || run.id || '/artifacts'",
        ],
        tags: KeyedTable(name: "run_tag", match: "%.run = run.number"),
        params: KeyedTable(name: "run_param", match: "%.run = run.number"),
        metrics: KeyedTable(name: "run_metric", match: "%.run = run.number"))
}
