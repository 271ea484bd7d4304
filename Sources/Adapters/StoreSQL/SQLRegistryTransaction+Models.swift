// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import ModelRegistry

/// Models, versions and aliases.
extension SQLRegistryTransaction {
    func models() throws -> [ModelReference] {
        try transaction.rows("SELECT project, name FROM model WHERE deleted_at IS NULL ORDER BY project, name").map {
            row in
            ModelReference(project: try row.name("project"), name: try row.name("name"))
        }
    }

    func versions(of model: ModelReference) throws -> [ModelVersion] {
        try transaction.rows(
            """
            SELECT number, bundle, provenance, status, origin, created_at, created_by FROM model_version
            WHERE project = :project AND model = :model AND deleted_at IS NULL ORDER BY number DESC
            """, model.parameters
        ).map { try ModelVersion($0, of: model) }
    }

    func version(_ number: Int, of model: ModelReference) throws -> ModelVersion? {
        try transaction.rows(
            """
            SELECT number, bundle, provenance, status, origin, created_at, created_by FROM model_version
            WHERE project = :project AND model = :model AND number = :number AND deleted_at IS NULL
            """, model.parameters(with: ["number": SQLValue(number)])
        ).first.map { try ModelVersion($0, of: model) }
    }

    func lastNumber(of model: ModelReference) throws -> Int {
        try transaction.rows(
            """
            SELECT COALESCE(MAX(number), 0) AS number FROM model_version WHERE project = :project AND model = :model
            """, model.parameters
        ).first?.integer("number") ?? 0
    }

    func aliases(of model: ModelReference) throws -> [AliasName: Int] {
        let rows = try transaction.rows(
            "SELECT alias, number FROM model_alias WHERE project = :project AND model = :model", model.parameters)
        return try rows.reduce(into: [:]) { aliases, row in
            aliases[try row.name("alias")] = try row.integer("number")
        }
    }

    func insert(_ version: ModelVersion) throws {
        let model = version.model
        try insertProject(model.project, at: version.createdAt)
        try transaction.execute(
            """
            INSERT INTO model (project, name, created_at) VALUES (:project, :model, :time)
            ON CONFLICT (project, name) DO UPDATE SET deleted_at = NULL
            """, model.parameters(with: ["time": SQLValue(version.createdAt)]))
        try transaction.execute(
            """
            INSERT INTO model_version
                (project, model, number, bundle, provenance, status, origin, created_at, created_by)
            VALUES (:project, :model, :number, :bundle, :provenance, :status, :origin, :time, :actor)
            """,
            model.parameters(with: [
                "number": SQLValue(version.number), "bundle": SQLValue(version.bundle),
                "provenance": SQLValue(version.provenance), "status": .text(version.status.rawValue),
                "origin": SQLValue(version.origin?.rawValue), "time": SQLValue(version.createdAt),
                "actor": .text(version.createdBy),
            ]))
    }

    func setStatus(_ status: ModelVersion.Status, of version: Int, model: ModelReference) throws {
        try transaction.execute(
            """
            UPDATE model_version SET status = :status
            WHERE project = :project AND model = :model AND number = :number
            """, model.parameters(with: ["number": SQLValue(version), "status": .text(status.rawValue)]))
    }

    func setAlias(_ alias: AliasName, of model: ModelReference, to version: Int?) throws {
        guard let version else {
            return try transaction.execute(
                "DELETE FROM model_alias WHERE project = :project AND model = :model AND alias = :alias",
                model.parameters(with: ["alias": SQLValue(alias)]))
        }
        try transaction.execute(
            """
            INSERT INTO model_alias (project, model, alias, number) VALUES (:project, :model, :alias, :number)
            ON CONFLICT (project, model, alias) DO UPDATE SET number = excluded.number
            """, model.parameters(with: ["alias": SQLValue(alias), "number": SQLValue(version)]))
    }
}

extension ModelReference {
    var parameters: [String: SQLValue] { ["project": SQLValue(project), "model": SQLValue(name)] }

    func parameters(with others: [String: SQLValue]) -> [String: SQLValue] {
        parameters.merging(others) { _, other in other }
    }
}

extension ModelVersion {
    init(_ row: SQLRow, of model: ModelReference) throws {
        self.init(
            model: model, number: try row.integer("number"), bundle: try row.optionalDigest("bundle"),
            provenance: try row.optionalDigest("provenance"),
            status: try row.required(Status(rawValue: try row.text("status")), "status"),
            origin: try row.optionalText("origin").map {
                try row.required(ExampleOrigin(rawValue: $0), "origin")
            },
            createdAt: try row.time("created_at"), createdBy: try row.text("created_by"))
    }
}
