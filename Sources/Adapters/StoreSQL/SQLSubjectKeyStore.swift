// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import PredictionLogging

/// Keys of subjects in a SQL database, which every server of the platform uses.
package struct SQLSubjectKeyStore: SubjectKeyStore {
    private let database: any SQLDatabase
    private let now: @Sendable () -> Timestamp

    /// - Parameter database: Has the tables of its ``SQLSchema``.
    package init(database: any SQLDatabase, now: @escaping @Sendable () -> Timestamp) {
        self.database = database
        self.now = now
    }

    /// What the whole platform hashes with.
    ///
    /// - Parameter offer: What it is from now on where it has none.
    package func platformSecret(_ name: String, orElse offer: [UInt8]) async throws -> [UInt8] {
        try await database.write { transaction in
            try transaction.execute(
                "INSERT INTO platform_secret (name, secret) VALUES (:name, :secret) ON CONFLICT (name) DO NOTHING",
                ["name": .text(name), "secret": .blob(offer)])
            let row = try transaction.rows(
                "SELECT secret FROM platform_secret WHERE name = :name", ["name": .text(name)]
            ).first
            return try row?.blob("secret") ?? offer
        }
    }

    package func keys(of subjects: Set<String>, in project: ProjectName) async throws -> [String: SubjectKey] {
        let known = try await database.read { try $0.subjectKeys(of: subjects, in: project) }
        let missing = subjects.subtracting(known.keys)
        guard !missing.isEmpty else { return known }
        let time = now()
        let made = try await database.write { transaction in
            for subject in missing.sorted() {
                let key = SubjectKey.random()
                try transaction.execute(
                    """
                    INSERT INTO subject_key (project, subject, reference, secret, created_at)
                    VALUES (:project, :subject, :reference, :secret, :time) ON CONFLICT (project, subject) DO NOTHING
                    """,
                    [
                        "project": SQLValue(project), "subject": .text(subject),
                        "reference": .text(key.reference.description), "secret": .blob(key.secret),
                        "time": SQLValue(time),
                    ])
            }
            // Another server may have been faster.
            return try transaction.subjectKeys(of: missing, in: project)
        }
        return known.merging(made) { first, _ in first }
    }

    package func key(of subject: String, in project: ProjectName) async throws -> SubjectKey? {
        try await database.read { try $0.subjectKeys(of: [subject], in: project)[subject] }
    }

    package func secrets(of references: Set<SubjectReference>) async throws -> [SubjectReference: [UInt8]] {
        try await database.read { transaction in
            let isAmong = transaction.dialect.isAmongWords("reference", ":references")
            var secrets: [SubjectReference: [UInt8]] = [:]
            for words in references.map(\.description).sorted().batches {
                for row in try transaction.rows(
                    "SELECT reference, secret FROM subject_key WHERE \(isAmong)", ["references": .list(words)])
                {
                    secrets[try row.subjectReference] = try row.blob("secret")
                }
            }
            return secrets
        }
    }

    package func destroy(_ subject: String, in project: ProjectName) async throws -> SubjectReference? {
        try await database.write { transaction in
            guard let key = try transaction.subjectKeys(of: [subject], in: project)[subject] else { return nil }
            let place = ["project": SQLValue(project), "subject": .text(subject)]
            // First: what a database leaves of a row that it deletes has no key any more.
            try transaction.execute(
                "UPDATE subject_key SET secret = :nothing WHERE project = :project AND subject = :subject",
                place.merging(["nothing": .blob([UInt8](repeating: 0, count: key.secret.count))]) { $1 })
            try transaction.execute(
                "DELETE FROM subject_key WHERE project = :project AND subject = :subject", place)
            return key.reference
        }
    }
}

extension SQLTransaction {
    fileprivate func subjectKeys(of subjects: Set<String>, in project: ProjectName) throws -> [String: SubjectKey] {
        var keys: [String: SubjectKey] = [:]
        for words in subjects.sorted().batches {
            let isAmong = dialect.isAmongWords("subject", ":subjects")
            for row in try rows(
                "SELECT subject, reference, secret FROM subject_key WHERE project = :project AND \(isAmong)",
                ["project": SQLValue(project), "subjects": .list(words)])
            {
                keys[try row.text("subject")] = SubjectKey(
                    reference: try row.subjectReference, secret: try row.blob("secret"))
            }
        }
        return keys
    }
}

extension SQLRow {
    fileprivate var subjectReference: SubjectReference {
        get throws { try required(SubjectReference(try text("reference")), "reference") }
    }
}

extension [String] {
    /// As many as are looked for with one statement.
    fileprivate var batches: [[String]] {
        stride(from: 0, to: count, by: 2000).map { Array(self[$0..<Swift.min($0 + 2000, count)]) }
    }
}
