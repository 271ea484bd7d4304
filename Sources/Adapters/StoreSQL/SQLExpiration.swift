// SPDX-License-Identifier: Apache-2.0
internal import ContentRetention
internal import ModelDomain

/// Deletes for good what was deleted before a moment, in one transaction.
///
/// Runs and logged models stay as long as a version names them that is there, and runs as long as a logged model has
/// metrics of theirs: they are where these come from.
struct SQLExpiration {
    let transaction: any SQLTransaction
    let limit: Timestamp

    private struct Owner {
        let number: Int64
        let id: String
        let experiment: Int64
    }

    func run() throws -> Expiry {
        var expiry = Expiry()
        expiry.versions = try expireVersions()
        let named = try namesInVersions()
        let models = try owners(
            """
            SELECT logged_model.number, logged_model.id, logged_model.experiment
            FROM logged_model JOIN experiment ON experiment.number = logged_model.experiment
            WHERE logged_model.deleted_at < :limit OR experiment.deleted_at < :limit
            """, except: named)
        for model in models { try expire(model: model, &expiry) }
        // What is left of the logged models needs the runs that they come from, and that measured them.
        let runs = try owners(
            """
            SELECT run.number, run.id, run.experiment FROM run WHERE run.deleted_at < :limit
                AND NOT EXISTS (SELECT 1 FROM logged_model WHERE logged_model.source_run = run.id)
                AND NOT EXISTS (SELECT 1 FROM logged_model_metric WHERE logged_model_metric.run = run.number)
            """, except: named)
        for run in runs { try expire(run: run, &expiry) }
        try expireExperiments(&expiry)
        return expiry
    }

    /// The row stays, and with it the number, which is not given again.
    private func expireVersions() throws -> Int {
        let condition = """
            deleted_at < :limit AND bundle IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM deployment WHERE deployment.model_project = model_version.project
                    AND deployment.model = model_version.model AND deployment.version = model_version.number)
            """
        let count = try transaction.rows("SELECT COUNT(*) AS found FROM model_version WHERE \(condition)", limits)
        try transaction.execute("UPDATE model_version SET bundle = NULL, provenance = NULL WHERE \(condition)", limits)
        return try count.first?.integer("found") ?? 0
    }

    /// Every word that versions say of where they come from: ids of runs and logged models are among them.
    private func namesInVersions() throws -> Set<String> {
        var names: Set<String> = []
        try transaction.forEachRow(
            of: """
                SELECT source, run, logged_model FROM model_version
                WHERE deleted_at IS NULL OR deleted_at >= \(limit.microseconds)
                """
        ) { row in
            for column in ["source", "run", "logged_model"] {
                let text = try row.optionalText(column) ?? ""
                for word in text.split(whereSeparator: { "/:".contains($0) }) { names.insert(String(word)) }
            }
        }
        return names
    }

    private func owners(_ statement: String, except named: Set<String>) throws -> [Owner] {
        try transaction.rows(statement, limits).compactMap { row in
            let id = try row.text("id")
            guard !named.contains(id) else { return nil }
            return Owner(
                number: try row.integer64("number"), id: id, experiment: try row.integer64("experiment"))
        }
    }

    private func expire(model: Owner, _ expiry: inout Expiry) throws {
        for table in ["logged_model_param", "logged_model_tag", "logged_model_metric"] {
            try transaction.execute("DELETE FROM \(table) WHERE owner = :number", ["number": .integer(model.number)])
        }
        expiry.artifacts += try expireArtifacts(below: "\(model.experiment)/models/\(model.id)")
        try transaction.execute("DELETE FROM logged_model WHERE number = :number", ["number": .integer(model.number)])
        expiry.loggedModels += 1
    }

    private func expire(run: Owner, _ expiry: inout Expiry) throws {
        for table in [
            "run_dataset_tag", "run_dataset", "run_model", "run_param", "run_tag", "run_metric", "metric_point",
        ] {
            try transaction.execute("DELETE FROM \(table) WHERE run = :number", ["number": .integer(run.number)])
        }
        expiry.artifacts += try expireArtifacts(below: "\(run.experiment)/\(run.id)")
        try transaction.execute("DELETE FROM run WHERE number = :number", ["number": .integer(run.number)])
        expiry.runs += 1
    }

    /// Those that nothing is in any more. The newest stays, so that its number is not given again, and so does the first of
    /// each project, which everybody counts on.
    private func expireExperiments(_ expiry: inout Expiry) throws {
        let rows = try transaction.rows(
            """
            SELECT number FROM experiment WHERE deleted_at < :limit AND name <> 'Default'
                AND number < (SELECT MAX(newest.number) FROM experiment AS newest)
                AND NOT EXISTS (SELECT 1 FROM run WHERE run.experiment = experiment.number)
                AND NOT EXISTS (SELECT 1 FROM logged_model WHERE logged_model.experiment = experiment.number)
            """, limits)
        for row in rows {
            let number = try row.integer64("number")
            let experiment: [String: SQLValue] = ["number": .integer(number)]
            try transaction.execute("DELETE FROM experiment_tag WHERE experiment = :number", experiment)
            try transaction.execute("DELETE FROM dataset WHERE experiment = :number", experiment)
            expiry.artifacts += try expireArtifacts(below: String(number))
            try transaction.execute("DELETE FROM experiment WHERE number = :number", experiment)
            expiry.experiments += 1
        }
    }

    /// - Returns: How many files.
    private func expireArtifacts(below folder: String) throws -> Int {
        // `0` is the sign behind `/`.
        let range: [String: SQLValue] = ["start": .text(folder + "/"), "end": .text(folder + "0")]
        let count = try transaction.rows(
            "SELECT COUNT(*) AS found FROM artifact WHERE path > :start AND path < :end", range)
        try transaction.execute("DELETE FROM artifact WHERE path > :start AND path < :end", range)
        return try count.first?.integer("found") ?? 0
    }

    private var limits: [String: SQLValue] { ["limit": SQLValue(limit)] }
}
