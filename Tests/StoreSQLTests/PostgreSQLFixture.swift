// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import StoreSQL
import TestSupport

/// A database of one test on the server that the tests share, with Slipway's tables.
struct PostgreSQLFixture {
    let cluster: PostgreSQLCluster
    let url: String
    let database: PostgreSQLDatabase

    static let time = Timestamp(microseconds: 5)

    static func with(_ body: (PostgreSQLFixture) async throws -> Void) async throws {
        let cluster = try await PostgreSQLCluster.shared()
        let url = try await cluster.makeDatabase()
        let database = try await PostgreSQLDatabase.open(url: url, time: time)
        // The project that is always there would have to be counted with every test's own.
        try await database.write { try $0.execute("DELETE FROM project", [:]) }
        try await body(PostgreSQLFixture(cluster: cluster, url: url, database: database))
        try database.close()
    }

    /// What one statement gives, as one body of its own.
    func rows(_ statement: String, _ parameters: [String: SQLValue] = [:]) async throws -> [SQLRow] {
        try await database.read { try $0.rows(statement, parameters) }
    }

    func execute(_ statement: String, _ parameters: [String: SQLValue] = [:]) async throws {
        try await database.write { try $0.execute(statement, parameters) }
    }
}

let insertProject = "INSERT INTO project (name, created_at) VALUES (:name, :time)"
