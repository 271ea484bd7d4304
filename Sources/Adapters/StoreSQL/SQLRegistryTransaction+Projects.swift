// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import ModelRegistry

/// Projects, and what is in them.
extension SQLRegistryTransaction {
    func projects() throws -> [ProjectRecord] {
        try transaction.rows(
            """
            SELECT project.name, project.created_at,
                (SELECT count(*) FROM model WHERE model.project = project.name) AS models,
                (SELECT count(*) FROM endpoint WHERE endpoint.project = project.name) AS endpoints,
                (SELECT count(*) FROM token WHERE token.project = project.name) AS tokens,
                (SELECT count(*) FROM experiment WHERE experiment.project = project.name
                    AND (experiment.name <> 'Default'
                        OR EXISTS (SELECT 1 FROM run WHERE run.experiment = experiment.number)
                        OR EXISTS (SELECT 1 FROM logged_model WHERE logged_model.experiment = experiment.number))
                ) AS experiments,
                (SELECT count(DISTINCT dataset) FROM dataset_version WHERE dataset_version.project = project.name)
                    AS datasets
            FROM project ORDER BY project.name
            """
        ).map { row in
            ProjectRecord(
                name: try row.name("name"), createdAt: try row.time("created_at"),
                modelCount: try row.integer("models"), endpointCount: try row.integer("endpoints"),
                tokenCount: try row.integer("tokens"), experimentCount: try row.integer("experiments"),
                datasetCount: try row.integer("datasets"))
        }
    }

    func hasProject(_ name: ProjectName) throws -> Bool {
        try !transaction.rows("SELECT 1 AS found FROM project WHERE name = :name", ["name": SQLValue(name)]).isEmpty
    }

    func insertProject(_ name: ProjectName, at time: Timestamp) throws {
        try transaction.execute(
            "INSERT INTO project (name, created_at) VALUES (:name, :time) ON CONFLICT (name) DO NOTHING",
            ["name": SQLValue(name), "time": SQLValue(time)])
    }

    func removeProject(_ name: ProjectName) throws {
        // The experiment that comes with a project goes with it.
        for statement in [
            """
            DELETE FROM experiment_tag
            WHERE experiment IN (SELECT number FROM experiment WHERE project = :name)
            """, "DELETE FROM experiment WHERE project = :name",
        ] { try transaction.execute(statement, ["name": SQLValue(name)]) }
        try transaction.execute("DELETE FROM project WHERE name = :name", ["name": SQLValue(name)])
    }
}
