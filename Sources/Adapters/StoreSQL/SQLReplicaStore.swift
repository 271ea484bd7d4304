// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
package import PlatformReplicas

/// Replicas and their leases in the database that they share.
package struct SQLReplicaStore: ReplicaStore {
    private let database: any SQLDatabase
    /// What was not heard of for so long is forgotten.
    private static let memory: Int64 = 86_400_000_000

    /// - Parameter database: Has the tables of its ``SQLSchema``. A connection of its own keeps a server from being taken
    ///   for dead while a long change goes on.
    package init(database: any SQLDatabase) { self.database = database }

    package func join(_ replica: Replica) async throws -> UInt16 {
        try await database.write { transaction in
            let now = try transaction.now()
            let rows = try transaction.rows("SELECT id, number, heard_at FROM replica")
            var numbers: Set<Int> = []
            for row in rows {
                if try row.integer64("heard_at") < now - Self.memory {
                    try transaction.remove(replica: row.text("id"))
                } else {
                    numbers.insert(try row.integer("number"))
                }
            }
            let newest = numbers.max() ?? 0
            let number =
                (newest + 1...newest + 65_535).lazy.map { $0 & 65_535 }.first { $0 != 0 && !numbers.contains($0) }
            guard let number else { throw StoreFailure(.busy) }
            try transaction.insert(replica, number: number, at: now)
            return UInt16(number)
        }
    }

    package func beat(
        _ replica: Replica, observing endpoints: [ObservedEndpoint]?, holding leases: [Lease], lasting: Duration
    ) async throws -> [Lease] {
        try await database.write { transaction in
            let now = try transaction.now()
            let known = try transaction.rows(
                "SELECT number FROM replica WHERE id = :id", ["id": .text(replica.id)])
            if known.isEmpty {
                let newest = try transaction.rows("SELECT MAX(number) AS newest FROM replica").first
                try transaction.insert(
                    replica, number: (newest?.optionalInteger("newest") ?? 0) + 1, at: now)
            } else {
                try transaction.execute(
                    "UPDATE replica SET heard_at = :now, url = :url WHERE id = :id",
                    ["now": .integer(now), "url": SQLValue(replica.url), "id": .text(replica.id)])
            }
            if let endpoints { try transaction.replace(endpoints, of: replica.id) }
            let held = try leases.filter(transaction.isPresent)
            for lease in held {
                try transaction.execute(
                    "UPDATE lease SET ends_at = :end WHERE work = :work AND token = :token",
                    [
                        "end": .integer(now + lasting.microseconds), "work": .text(lease.work.rawValue),
                        "token": SQLValue(lease.token),
                    ])
            }
            return held
        }
    }

    package func leave(_ id: String) async throws {
        try await database.write { try $0.remove(replica: id) }
    }

    package func replicas() async throws -> [ReplicaRecord] {
        try await database.read { transaction in
            let now = try transaction.now()
            var endpoints: [String: [ObservedEndpoint]] = [:]
            let observed = try transaction.rows(
                """
                SELECT replica, project, endpoint, generation, state, answering, problem FROM replica_endpoint
                ORDER BY replica, project, endpoint
                """)
            for row in observed { endpoints[try row.text("replica"), default: []].append(try ObservedEndpoint(row)) }
            var work: [String: [SingleWork]] = [:]
            let leases = try transaction.rows(
                "SELECT work, holder FROM lease WHERE holder IS NOT NULL AND ends_at > :now ORDER BY work",
                ["now": .integer(now)])
            for row in leases {
                // One that only a newer program knows is its own affair.
                guard let kind = SingleWork(rawValue: try row.text("work")) else { continue }
                work[try row.text("holder"), default: []].append(kind)
            }
            let records = try transaction.rows("SELECT * FROM replica ORDER BY started_at, number").map { row in
                let id = try row.text("id")
                return ReplicaRecord(
                    replica: Replica(
                        id: id, host: try row.text("host"), place: try row.text("place"),
                        processID: try row.integer("process"), version: try row.text("version"),
                        schema: try row.integer("schema_number"), url: try row.optionalText("url")),
                    number: UInt16(truncatingIfNeeded: try row.integer("number")),
                    startedAt: try row.time("started_at"),
                    silence: .microseconds(max(0, now - (try row.integer64("heard_at")))),
                    endpoints: endpoints[id] ?? [], work: work[id] ?? [])
            }
            var newest: [String: String] = [:]
            for record in records { newest[record.replica.place] = record.replica.id }
            return records.filter { record in
                record.silence < .microseconds(Self.memory)
                    && (record.isLive || newest[record.replica.place] == record.replica.id)
            }
        }
    }

    package func pulse() async throws -> Pulse {
        try await database.read { transaction in
            let row = try transaction.rows(
                """
                SELECT (SELECT MAX(sequence) FROM ledger) AS entry, (SELECT MAX(number) FROM schema_migration) AS step
                """
            ).first
            return Pulse(newestEntry: try row?.optionalInteger("entry"), schema: try row?.optionalInteger("step") ?? 0)
        }
    }

    package func take(_ work: SingleWork, for id: String, lasting: Duration) async throws -> LeaseOutcome {
        try await database.write { transaction in
            let now = try transaction.now()
            let row = try transaction.rows(
                """
                SELECT lease.token, lease.holder, lease.ends_at, replica.host
                FROM lease LEFT JOIN replica ON replica.id = lease.holder WHERE lease.work = :work
                """, ["work": .text(work.rawValue)]
            ).first
            if let row, let holder = try row.optionalText("holder"), try row.integer64("ends_at") > now, holder != id {
                return .isHeld(by: try row.optionalText("host") ?? holder)
            }
            // Also for whoever had it before: what that one began is not to be mixed with what begins now.
            let token = try (row?.integer("token") ?? 0) + 1
            try transaction.execute(
                """
                INSERT INTO lease (work, holder, token, ends_at) VALUES (:work, :id, :token, :end)
                ON CONFLICT (work) DO UPDATE
                SET holder = excluded.holder, token = excluded.token, ends_at = excluded.ends_at
                """,
                [
                    "work": .text(work.rawValue), "id": .text(id), "token": SQLValue(token),
                    "end": .integer(now + lasting.microseconds),
                ])
            return .taken(Lease(work, token: token))
        }
    }

    package func giveBack(_ lease: Lease, of id: String) async throws {
        try await database.write { transaction in
            try transaction.execute(
                "UPDATE lease SET holder = NULL WHERE work = :work AND token = :token AND holder = :id",
                ["work": .text(lease.work.rawValue), "token": SQLValue(lease.token), "id": .text(id)])
        }
    }
}

extension SQLTransaction {
    /// The database's own clock: replicas on several machines have no other one in common.
    fileprivate func now() throws -> Int64 {
        let row = try rows("SELECT \(dialect.clock) AS now").first
        return try row?.integer64("now") ?? 0
    }

    /// Whether nobody was given the work since.
    func isPresent(_ lease: Lease) throws -> Bool {
        let row = try rows(
            "SELECT token FROM lease WHERE work = :work AND holder IS NOT NULL", ["work": .text(lease.work.rawValue)]
        ).first
        return try row?.integer("token") == lease.token
    }

    fileprivate func insert(_ replica: Replica, number: Int, at now: Int64) throws {
        try execute(
            """
            INSERT INTO replica (id, number, host, place, process, version, schema_number, url, started_at, heard_at)
            VALUES (:id, :number, :host, :place, :process, :version, :schema, :url, :now, :now)
            """,
            [
                "id": .text(replica.id), "number": SQLValue(number), "host": .text(replica.host),
                "place": .text(replica.place), "process": SQLValue(replica.processID),
                "version": .text(replica.version), "schema": SQLValue(replica.schema), "url": SQLValue(replica.url),
                "now": .integer(now),
            ])
    }

    fileprivate func remove(replica id: String) throws {
        let parameters: [String: SQLValue] = ["id": .text(id)]
        try execute("DELETE FROM replica_endpoint WHERE replica = :id", parameters)
        try execute("UPDATE lease SET holder = NULL WHERE holder = :id", parameters)
        try execute("DELETE FROM replica WHERE id = :id", parameters)
    }

    fileprivate func replace(_ endpoints: [ObservedEndpoint], of id: String) throws {
        try execute("DELETE FROM replica_endpoint WHERE replica = :id", ["id": .text(id)])
        for one in endpoints {
            try execute(
                """
                INSERT INTO replica_endpoint (replica, project, endpoint, generation, state, answering, problem)
                VALUES (:id, :project, :endpoint, :generation, :state, :answering, :problem)
                """,
                [
                    "id": .text(id), "project": SQLValue(one.project), "endpoint": SQLValue(one.endpoint),
                    "generation": SQLValue(one.generation), "state": .text(one.state.rawValue),
                    "answering": SQLValue(one.answering), "problem": SQLValue(one.problem),
                ])
        }
    }
}

extension ObservedEndpoint {
    fileprivate init(_ row: SQLRow) throws {
        self.init(
            project: try row.name("project"), endpoint: try row.name("endpoint"),
            generation: try row.integer("generation"),
            state: try row.required(State(rawValue: try row.text("state")), "state"),
            answering: try row.optionalText("answering"), problem: try row.optionalText("problem"))
    }
}
