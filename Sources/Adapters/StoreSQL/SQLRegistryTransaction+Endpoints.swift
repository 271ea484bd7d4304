// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import ModelRegistry

/// Endpoints and their deployments.
extension SQLRegistryTransaction {
    func endpoints() throws -> [EndpointRecord] {
        let settings = Dictionary(
            grouping: try transaction.rows("SELECT project, endpoint, name, value FROM endpoint_setting"),
            by: { [$0["project"], $0["endpoint"]] })
        return try transaction.rows("\(selectNewestDeployment) ORDER BY deployment.project, deployment.endpoint")
            .map { try EndpointRecord($0, settings: settings[[$0["project"], $0["endpoint"]]] ?? []) }
    }

    func endpoint(_ name: EndpointName, in project: ProjectName) throws -> EndpointRecord? {
        let endpoint: [String: SQLValue] = ["project": SQLValue(project), "endpoint": SQLValue(name)]
        let settings = try transaction.rows(
            "SELECT name, value FROM endpoint_setting WHERE project = :project AND endpoint = :endpoint", endpoint)
        return try transaction.rows(
            "\(selectNewestDeployment) AND endpoint.project = :project AND endpoint.name = :endpoint", endpoint
        ).first.map { try EndpointRecord($0, settings: settings) }
    }

    func deployments(of name: EndpointName, in project: ProjectName) throws -> [Deployment] {
        try transaction.rows(
            """
            SELECT generation, model_project, model, version, restores, base, created_at, created_by FROM deployment
            WHERE project = :project AND endpoint = :endpoint ORDER BY generation DESC
            """, ["project": SQLValue(project), "endpoint": SQLValue(name)]
        ).map(Deployment.init)
    }

    func insert(_ deployment: Deployment, to name: EndpointName, in project: ProjectName) throws {
        try insertProject(project, at: deployment.createdAt)
        try transaction.execute(
            """
            INSERT INTO endpoint (project, name, created_at) VALUES (:project, :endpoint, :time)
            ON CONFLICT (project, name) DO NOTHING
            """,
            ["project": SQLValue(project), "endpoint": SQLValue(name), "time": SQLValue(deployment.createdAt)])
        try transaction.execute(
            """
            INSERT INTO deployment (project, endpoint, generation, model_project, model, version, restores, base,
                created_at, created_by)
            VALUES (:project, :endpoint, :generation, :modelProject, :model, :version, :restores, :base, :time, :actor)
            """,
            [
                "project": SQLValue(project), "endpoint": SQLValue(name),
                "generation": SQLValue(deployment.generation), "modelProject": SQLValue(deployment.model.project),
                "model": SQLValue(deployment.model.name), "version": SQLValue(deployment.version),
                "restores": SQLValue(deployment.restores), "base": SQLValue(deployment.base),
                "time": SQLValue(deployment.createdAt), "actor": .text(deployment.createdBy),
            ])
    }

    func setSettings(_ settings: EndpointSettings, of name: EndpointName, in project: ProjectName) throws {
        let endpoint: [String: SQLValue] = ["project": SQLValue(project), "endpoint": SQLValue(name)]
        try transaction.execute(
            "DELETE FROM endpoint_setting WHERE project = :project AND endpoint = :endpoint", endpoint)
        for (key, text) in settings.texts {
            try transaction.execute(
                """
                INSERT INTO endpoint_setting (project, endpoint, name, value)
                VALUES (:project, :endpoint, :name, :value)
                """, endpoint.merging(["name": .text(key.rawValue), "value": .text(text)]) { $1 })
        }
    }

    func removeEndpoint(_ name: EndpointName, in project: ProjectName) throws {
        let endpoint: [String: SQLValue] = ["project": SQLValue(project), "endpoint": SQLValue(name)]
        try transaction.execute(
            "DELETE FROM endpoint_setting WHERE project = :project AND endpoint = :endpoint", endpoint)
        try transaction.execute(
            "DELETE FROM deployment WHERE project = :project AND endpoint = :endpoint", endpoint)
        for table in SQLSchema.monitorTables {
            try transaction.execute("DELETE FROM \(table) WHERE project = :project AND endpoint = :endpoint", endpoint)
        }
        try transaction.execute("DELETE FROM endpoint WHERE project = :project AND name = :endpoint", endpoint)
    }
}

/// Every endpoint with its newest deployment; conditions may follow.
private let selectNewestDeployment = """
    SELECT deployment.project, deployment.endpoint, endpoint.created_at AS endpoint_created_at, deployment.generation,
        deployment.model_project, deployment.model, deployment.version, deployment.restores, deployment.base,
        deployment.created_at, deployment.created_by
    FROM endpoint JOIN deployment
        ON deployment.project = endpoint.project AND deployment.endpoint = endpoint.name
    WHERE deployment.generation = (
        SELECT MAX(newest.generation) FROM deployment AS newest
        WHERE newest.project = endpoint.project AND newest.endpoint = endpoint.name)
    """

extension EndpointRecord {
    /// - Parameter settings: Rows with `name` and `value`.
    fileprivate init(_ row: SQLRow, settings: [SQLRow]) throws {
        var texts: [EndpointSettings.Key: String] = [:]
        for setting in settings {
            let key = try setting.required(EndpointSettings.Key(rawValue: try setting.text("name")), "name")
            texts[key] = try setting.text("value")
        }
        self.init(
            project: try row.name("project"), name: try row.name("endpoint"),
            createdAt: try row.time("endpoint_created_at"), current: try Deployment(row),
            settings: try EndpointSettings(texts))
    }
}

extension Deployment {
    fileprivate init(_ row: SQLRow) throws {
        self.init(
            generation: try row.integer("generation"),
            model: ModelReference(project: try row.name("model_project"), name: try row.name("model")),
            version: try row.integer("version"), restores: try row.optionalInteger("restores"),
            base: try row.optionalInteger("base"), createdAt: try row.time("created_at"),
            createdBy: try row.text("created_by"))
    }
}
