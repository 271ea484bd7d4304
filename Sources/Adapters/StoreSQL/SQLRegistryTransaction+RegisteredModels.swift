// SPDX-License-Identifier: Apache-2.0
internal import ExperimentTracking
internal import ModelDomain
internal import ModelRegistry

/// What people say of models.
extension SQLRegistryTransaction: RegistrationWriting {
    func registeredModel(_ model: ModelReference) throws -> RegisteredModel? {
        try registeredModels(
            "WHERE model.project = :project AND model.name = :model AND model.deleted_at IS NULL", model.parameters
        ).first
    }

    func registeredModels(in project: ProjectName, _ request: SearchRequest) throws -> [RegisteredModel] {
        var search = SQLSearch(.registeredModels, dialect: transaction.dialect)
        let conditions = try search.conditions(request.filter)
        let (joins, terms) = try search.order(request.order)
        return try registeredModels(
            """
            \(joins) WHERE model.project = :project AND model.deleted_at IS NULL\(conditions)
            ORDER BY \((terms + ["model.name"]).joined(separator: ", ")) LIMIT :limit OFFSET :offset
            """,
            search.parameters.merging(["project": SQLValue(project)]) { $1 }.merging(request.window) { $1 })
    }

    private func registeredModels(_ rest: String, _ parameters: [String: SQLValue]) throws -> [RegisteredModel] {
        try transaction.passingRows(
            """
            SELECT model.project, model.name, model.description, model.created_at,
                COALESCE(model.updated_at, model.created_at) AS updated_at
            FROM model\(rest.hasPrefix(" ") ? "" : " ")\(rest)
            """, parameters
        ).map { row in
            let model = ModelReference(project: try row.name("project"), name: try row.name("name"))
            let tags = try transaction.rows(
                "SELECT key, value FROM model_tag WHERE project = :project AND model = :model ORDER BY key",
                model.parameters)
            return RegisteredModel(
                reference: model, description: try row.optionalText("description"),
                createdAt: try row.time("created_at"), updatedAt: try row.time("updated_at"),
                tags: try tags.map(KeyedText.init))
        }
    }

    func insertModel(_ model: ModelReference, description: String?, at time: Timestamp) throws {
        try insertProject(model.project, at: time)
        // One of that name may have been there, and its numbers are not given again.
        try transaction.execute(
            """
            INSERT INTO model (project, name, created_at, updated_at, description)
            VALUES (:project, :model, :time, :time, :description)
            ON CONFLICT (project, name) DO UPDATE SET created_at = excluded.created_at,
                updated_at = excluded.updated_at, description = excluded.description, deleted_at = NULL
            """, model.parameters(with: ["time": SQLValue(time), "description": SQLValue(description)]))
    }

    func setDescription(_ text: String?, of model: ModelReference, at time: Timestamp) throws {
        try transaction.execute(
            """
            UPDATE model SET description = :description, updated_at = :time
            WHERE project = :project AND name = :model
            """, model.parameters(with: ["description": SQLValue(text), "time": SQLValue(time)]))
    }

    func setTag(_ key: String, to value: String?, of model: ModelReference, at time: Timestamp) throws {
        try touch(model, at: time)
        guard let value else {
            return try transaction.execute(
                "DELETE FROM model_tag WHERE project = :project AND model = :model AND key = :key",
                model.parameters(with: ["key": .text(key)]))
        }
        try transaction.execute(
            """
            INSERT INTO model_tag (project, model, key, value) VALUES (:project, :model, :key, :value)
            ON CONFLICT (project, model, key) DO UPDATE SET value = excluded.value
            """, model.parameters(with: ["key": .text(key), "value": .text(value)]))
    }

    func rename(_ model: ModelReference, to name: ModelName, at time: Timestamp) throws {
        let names = model.parameters(with: ["name": SQLValue(name), "time": SQLValue(time)])
        // Rows that are referred to are made under the new name first, and go under the old one last.
        try transaction.execute(
            """
            INSERT INTO model (project, name, created_at, updated_at, description)
            SELECT project, :name, created_at, :time, description FROM model
            WHERE project = :project AND name = :model
            """, names)
        let columns = """
            number, bundle, provenance, status, origin, created_at, created_by, description, source, run, run_link,
            logged_model, stage, updated_at, deleted_at
            """
        try transaction.execute(
            """
            INSERT INTO model_version (project, model, \(columns))
            SELECT project, :name, \(columns) FROM model_version WHERE project = :project AND model = :model
            """, names)
        for table in ["model_alias", "model_tag", "version_tag"] {
            try transaction.execute(
                "UPDATE \(table) SET model = :name WHERE project = :project AND model = :model", names)
        }
        try transaction.execute(
            "UPDATE deployment SET model = :name WHERE model_project = :project AND model = :model", names)
        try transaction.execute("DELETE FROM model_version WHERE project = :project AND model = :model", names)
        try transaction.execute("DELETE FROM model WHERE project = :project AND name = :model", names)
    }

    func remove(_ model: ModelReference, at time: Timestamp) throws {
        for table in ["model_alias", "model_tag", "version_tag"] {
            try transaction.execute(
                "DELETE FROM \(table) WHERE project = :project AND model = :model", model.parameters)
        }
        let parameters = model.parameters(with: ["time": SQLValue(time)])
        try transaction.execute(
            """
            UPDATE model_version SET deleted_at = :time
            WHERE project = :project AND model = :model AND deleted_at IS NULL
            """, parameters)
        try transaction.execute(
            "UPDATE model SET deleted_at = :time WHERE project = :project AND name = :model", parameters)
    }

    func touch(_ model: ModelReference, at time: Timestamp) throws {
        try transaction.execute(
            "UPDATE model SET updated_at = :time WHERE project = :project AND name = :model",
            model.parameters(with: ["time": SQLValue(time)]))
    }
}

extension KeyedText {
    /// A row with `key` and `value`.
    init(_ row: SQLRow) throws { self.init(try row.text("key"), try row.text("value")) }
}

extension SearchSubject {
    fileprivate static let registeredModels = SearchSubject(
        attributes: [
            "name": "model.name", "creation_time": "model.created_at",
            "last_updated_time": "COALESCE(model.updated_at, model.created_at)",
        ],
        tags: KeyedTable(name: "model_tag", match: "%.project = model.project AND %.model = model.name"),
        optionalFlag: SearchGrammar.promptTag)
}
