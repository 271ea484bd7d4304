// SPDX-License-Identifier: Apache-2.0
package import ExperimentTracking
internal import ModelDomain

/// Experiments, runs and logged models in a SQL database.
package struct SQLTrackingStore: TrackingStore {
    private let database: any SQLDatabase

    /// - Parameter database: Has the tables of its ``SQLSchema``.
    package init(database: any SQLDatabase) { self.database = database }

    package func read<Result: Sendable>(
        _ body: @escaping @Sendable (any TrackingReading) throws -> Result
    ) async throws -> Result {
        try await database.read { try body(SQLTrackingTransaction(transaction: $0)) }
    }

    package func write<Result: Sendable>(
        _ body: @escaping @Sendable (any TrackingWriting) throws -> Result
    ) async throws -> Result {
        try await database.write { try body(SQLTrackingTransaction(transaction: $0)) }
    }
}

/// Tracking as one transaction sees it: experiments here, the rest in files of their own.
struct SQLTrackingTransaction: TrackingWriting {
    let transaction: any SQLTransaction

    func experiment(_ id: ExperimentID) throws -> Experiment? {
        try experiments("WHERE experiment.number = :number", ["number": .integer(id.number)]).first
    }

    func experiment(named name: String, in project: ProjectName) throws -> Experiment? {
        try experiments(
            "WHERE experiment.project = :project AND experiment.name = :name",
            ["project": SQLValue(project), "name": .text(name)]
        ).first
    }

    func experiments(in project: ProjectName, _ request: SearchRequest) throws -> [Experiment] {
        var search = SQLSearch(.experiments, dialect: transaction.dialect)
        let conditions = try search.conditions(request.filter)
        let (joins, terms) = try search.order(request.order)
        let order = (terms + ["experiment.created_at DESC", "experiment.number DESC"]).joined(separator: ", ")
        return try experiments(
            """
            \(joins) WHERE experiment.project = :project\(request.view.condition("experiment.deleted_at"))\(conditions)
            ORDER BY \(order) LIMIT :limit OFFSET :offset
            """,
            search.parameters.merging(["project": SQLValue(project)]) { $1 }.merging(request.window) { $1 })
    }

    private func experiments(_ rest: String, _ parameters: [String: SQLValue]) throws -> [Experiment] {
        let rows = try transaction.passingRows(
            """
            SELECT experiment.number, experiment.project, experiment.name, experiment.deleted_at,
                experiment.created_at, experiment.updated_at
            FROM experiment \(rest)
            """, parameters)
        let tags = try texts("experiment_tag", "experiment", of: rows.map { try $0.integer64("number") })
        return try rows.map { row in
            let number = try row.integer64("number")
            return Experiment(
                id: ExperimentID(number), project: try row.name("project"), name: try row.text("name"),
                isDeleted: try row.optionalInteger("deleted_at") != nil, createdAt: try row.time("created_at"),
                updatedAt: try row.time("updated_at"), tags: tags[number] ?? [])
        }
    }

    func makeExperiment(
        named name: String, in project: ProjectName, number: ExperimentID?, tags: [KeyedText], at time: Timestamp
    ) throws -> ExperimentID {
        try SQLRegistryTransaction(transaction: transaction).insertProject(project, at: time)
        let id = try number?.number ?? nextNumber("experiment")
        try transaction.execute(
            """
            INSERT INTO experiment (number, project, name, created_at, updated_at)
            VALUES (:number, :project, :name, :time, :time)
            """,
            ["number": .integer(id), "project": SQLValue(project), "name": .text(name), "time": SQLValue(time)])
        for tag in tags { try setTag(tag.key, to: tag.value, of: ExperimentID(id), at: time) }
        return ExperimentID(id)
    }

    func rename(_ experiment: ExperimentID, to name: String, at time: Timestamp) throws {
        try transaction.execute(
            "UPDATE experiment SET name = :name, updated_at = :time WHERE number = :number",
            ["name": .text(name), "time": SQLValue(time), "number": .integer(experiment.number)])
    }

    func setDeleted(_ isDeleted: Bool, _ experiment: ExperimentID, at time: Timestamp) throws {
        let parameters: [String: SQLValue] = ["time": SQLValue(time), "number": .integer(experiment.number)]
        if isDeleted {
            try transaction.execute(
                "UPDATE run SET deleted_at = :time WHERE experiment = :number AND deleted_at IS NULL", parameters)
            try transaction.execute(
                "UPDATE experiment SET deleted_at = :time, updated_at = :time WHERE number = :number", parameters)
        } else {
            // Runs that had been deleted by themselves stay so.
            try transaction.execute(
                """
                UPDATE run SET deleted_at = NULL WHERE experiment = :number
                    AND deleted_at = (SELECT experiment.deleted_at FROM experiment WHERE experiment.number = :number)
                """, ["number": .integer(experiment.number)])
            try transaction.execute(
                "UPDATE experiment SET deleted_at = NULL, updated_at = :time WHERE number = :number", parameters)
        }
    }

    func setTag(_ key: String, to value: String?, of experiment: ExperimentID, at time: Timestamp) throws {
        try setText("experiment_tag", "experiment", experiment.number, key, value)
        try transaction.execute(
            "UPDATE experiment SET updated_at = :time WHERE number = :number",
            ["time": SQLValue(time), "number": .integer(experiment.number)])
    }
}

extension SearchSubject {
    fileprivate static let experiments = SearchSubject(
        attributes: [
            "name": "experiment.name", "experiment_id": "CAST(experiment.number AS TEXT)",
            "experiment_number": "experiment.number",
            "creation_time": "experiment.created_at / 1000", "last_update_time": "experiment.updated_at / 1000",
        ], tags: KeyedTable(name: "experiment_tag", match: "%.experiment = experiment.number"))
}

extension SearchRequest {
    /// One more than is wanted, so that it shows whether there is more.
    var window: [String: SQLValue] { ["limit": SQLValue(limit + 1), "offset": SQLValue(offset)] }
}

extension LifecycleView {
    func condition(_ column: String) -> String {
        switch self {
        case .active: " AND \(column) IS NULL"
        case .deleted: " AND \(column) IS NOT NULL"
        case .all: ""
        }
    }
}
