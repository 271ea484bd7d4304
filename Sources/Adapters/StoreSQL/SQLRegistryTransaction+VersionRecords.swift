// SPDX-License-Identifier: Apache-2.0
internal import ExperimentTracking
internal import ModelDomain
internal import ModelRegistry

/// What people say of versions.
extension SQLRegistryTransaction {
    func versionRecord(_ number: Int, of model: ModelReference) throws -> VersionRecord? {
        try versionRecords(
            """
            WHERE model_version.project = :project AND model_version.model = :model
                AND model_version.number = :number AND model_version.deleted_at IS NULL
            """, model.parameters(with: ["number": SQLValue(number)])
        ).first
    }

    func versionRecords(of model: ModelReference) throws -> [VersionRecord] {
        try versionRecords(
            """
            WHERE model_version.project = :project AND model_version.model = :model
                AND model_version.deleted_at IS NULL ORDER BY model_version.number DESC
            """, model.parameters)
    }

    func versionRecords(in project: ProjectName, _ request: SearchRequest) throws -> [VersionRecord] {
        var search = SQLSearch(.versions, dialect: transaction.dialect)
        let conditions = try search.conditions(request.filter)
        let (joins, terms) = try search.order(request.order)
        let order =
            terms + (request.order.isEmpty ? ["updated_at DESC"] : []) + [
                "model_version.model", "model_version.number DESC",
            ]
        return try versionRecords(
            """
            \(joins) WHERE model_version.project = :project AND model_version.deleted_at IS NULL\(conditions)
            ORDER BY \(order.joined(separator: ", ")) LIMIT :limit OFFSET :offset
            """,
            search.parameters.merging(["project": SQLValue(project)]) { $1 }.merging(request.window) { $1 })
    }

    private func versionRecords(_ rest: String, _ parameters: [String: SQLValue]) throws -> [VersionRecord] {
        try transaction.passingRows(
            """
            SELECT model_version.project, model_version.model, model_version.number, model_version.bundle,
                model_version.provenance, model_version.status, model_version.origin, model_version.created_at,
                model_version.created_by, model_version.description, model_version.source, model_version.run,
                model_version.run_link, model_version.logged_model, model_version.stage,
                COALESCE(model_version.updated_at, model_version.created_at) AS updated_at
            FROM model_version\(rest.hasPrefix(" ") ? "" : " ")\(rest)
            """, parameters
        ).map { row in
            let model = ModelReference(project: try row.name("project"), name: try row.name("model"))
            let version = try ModelVersion(row, of: model)
            let place = model.parameters(with: ["number": SQLValue(version.number)])
            let tags = try transaction.rows(
                """
                SELECT key, value FROM version_tag
                WHERE project = :project AND model = :model AND number = :number ORDER BY key
                """, place)
            let aliases = try transaction.rows(
                """
                SELECT alias FROM model_alias
                WHERE project = :project AND model = :model AND number = :number ORDER BY alias
                """, place)
            return VersionRecord(
                version: version,
                registration: Registration(
                    source: try row.optionalText("source"), run: try row.optionalText("run"),
                    runLink: try row.optionalText("run_link"), loggedModel: try row.optionalText("logged_model")),
                updatedAt: try row.time("updated_at"),
                stage: try row.optionalText("stage").map { try row.required(Stage(rawValue: $0), "stage") } ?? .none,
                description: try row.optionalText("description"), tags: try tags.map(KeyedText.init),
                aliases: try aliases.map { try $0.name("alias") })
        }
    }

    func endpoints(deploying model: ModelReference, version: Int?) throws -> [EndpointName] {
        // What an endpoint answers with, and every deployment that it may go back to.
        try transaction.rows(
            """
            SELECT DISTINCT endpoint FROM deployment WHERE model_project = :project AND model = :model
                AND (:number = 0 OR version = :number) ORDER BY endpoint
            """, model.parameters(with: ["number": SQLValue(version ?? 0)])
        ).map { try $0.name("endpoint") }
    }

    func setRegistration(_ registration: Registration, of version: Int, model: ModelReference) throws {
        try update(
            version, of: model, "source = :source, run = :run, run_link = :link, logged_model = :logged",
            [
                "source": SQLValue(registration.source), "run": SQLValue(registration.run),
                "link": SQLValue(registration.runLink), "logged": SQLValue(registration.loggedModel),
            ])
    }

    func setDescription(_ text: String?, of version: Int, model: ModelReference, at time: Timestamp) throws {
        try touch(model, at: time)
        try update(
            version, of: model, "description = :description, updated_at = :time",
            ["description": SQLValue(text), "time": SQLValue(time)])
    }

    func setStage(_ stage: Stage, of version: Int, model: ModelReference, at time: Timestamp) throws {
        try touch(model, at: time)
        try update(
            version, of: model, "stage = :stage, updated_at = :time",
            ["stage": .text(stage.rawValue), "time": SQLValue(time)])
    }

    func setTag(_ key: String, to value: String?, of version: Int, model: ModelReference, at time: Timestamp) throws {
        try update(version, of: model, "updated_at = :time", ["time": SQLValue(time)])
        let place = model.parameters(with: ["number": SQLValue(version), "key": .text(key)])
        guard let value else {
            return try transaction.execute(
                """
                DELETE FROM version_tag
                WHERE project = :project AND model = :model AND number = :number AND key = :key
                """, place)
        }
        try transaction.execute(
            """
            INSERT INTO version_tag (project, model, number, key, value)
            VALUES (:project, :model, :number, :key, :value)
            ON CONFLICT (project, model, number, key) DO UPDATE SET value = excluded.value
            """, place.merging(["value": .text(value)]) { $1 })
    }

    func setBundle(
        _ bundle: Digest, provenance: Digest, origin: ExampleOrigin?, of version: Int, model: ModelReference,
        at time: Timestamp
    ) throws {
        try update(
            version, of: model,
            "bundle = :bundle, provenance = :provenance, origin = :origin, status = :status, updated_at = :time",
            [
                "bundle": SQLValue(bundle), "provenance": SQLValue(provenance), "origin": SQLValue(origin?.rawValue),
                "status": .text(ModelVersion.Status.ready.rawValue), "time": SQLValue(time),
            ])
    }

    func remove(_ version: Int, of model: ModelReference, at time: Timestamp) throws {
        let place = model.parameters(with: ["number": SQLValue(version)])
        for table in ["model_alias", "version_tag"] {
            try transaction.execute(
                "DELETE FROM \(table) WHERE project = :project AND model = :model AND number = :number", place)
        }
        try update(version, of: model, "deleted_at = :time", ["time": SQLValue(time)])
    }

    private func update(
        _ version: Int, of model: ModelReference, _ changes: String, _ values: [String: SQLValue]
    ) throws {
        try transaction.execute(
            "UPDATE model_version SET \(changes) WHERE project = :project AND model = :model AND number = :number",
            model.parameters(with: values.merging(["number": SQLValue(version)]) { $1 }))
    }
}

extension SearchSubject {
    fileprivate static let versions = SearchSubject(
        attributes: [
            "name": "model_version.model", "version_number": "model_version.number", "run_id": "model_version.run",
            "source_path": "model_version.source", "creation_time": "model_version.created_at",
            "last_updated_time": "COALESCE(model_version.updated_at, model_version.created_at)",
        ],
        tags: KeyedTable(
            name: "version_tag",
            match: "%.project = model_version.project AND %.model = model_version.model"
                + " AND %.number = model_version.number"))
}
