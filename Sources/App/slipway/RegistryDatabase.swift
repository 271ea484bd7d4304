// SPDX-License-Identifier: Apache-2.0
import CommandLineInterface
import Foundation
import ModelDomain
import StoreSQL

/// The part of a database that its servers tell each other things through.
struct MeetingPlace {
    let database: PostgreSQLDatabase
    /// Yields when something was changed.
    let hints: AsyncStream<Void>
}

/// Where the registry is: a file of the data folder, or a database of a PostgreSQL server.
enum RegistryDatabase {
    case file(String)
    /// Its URL, which may have a password: it goes to the driver and nowhere else.
    case server(String)

    /// - Parameter url: As given; `nil` for the data folder's own.
    init(_ url: String?, in folder: DataFolder) {
        self = url.map(RegistryDatabase.server) ?? .file(folder.database)
    }

    /// Whether opening it would change its tables, which is not to be done while another server uses them, and would not
    /// wait for that one by itself.
    func needsMigration() async throws -> Bool {
        switch self {
        case .file(let path):
            try FileManager.default.fileExists(atPath: path) && SQLiteDatabase.needsMigration(at: path)
        case .server(let url):
            try await PostgreSQLDatabase.needsMigration(url: url, schema: .postgreSQL.first(SQLSchema.sharedSince))
        }
    }

    /// Opens it, and brings its tables up to date.
    ///
    /// - Parameter besides: What a server of before claims the database with that this one follows.
    func open(besides: Int32? = nil) async throws -> any SQLDatabase {
        switch self {
        case .file(let path): try await SQLiteDatabase.open(at: path, time: .now)
        case .server(let url):
            try await PostgreSQLDatabase.open(
                url: url, time: .now, claim: PostgreSQLDatabase.sharedClaim, besides: besides)
        }
    }

    /// Where servers that share the database agree, on connections of their own: one that makes a long change is not to be
    /// taken for dead. `nil` for a file, which one server uses.
    func meetingPlace() async throws -> MeetingPlace? {
        guard case .server(let url) = self else { return nil }
        let database = try PostgreSQLDatabase.beside(url: url, connections: 2)
        return MeetingPlace(database: database, hints: try PostgreSQLDatabase.hints(url: url))
    }

    /// Whether it can be used, for the doctor.
    func finding() async -> DoctorFinding {
        do {
            switch self {
            case .file(let path):
                guard FileManager.default.fileExists(atPath: path) else { return good("empty so far") }
                guard let problem = try SQLiteDatabase.problem(at: path) else { return good("whole") }
                return bad(problem, "Restore the data folder from its last copy.")
            case .server(let url):
                let found = try await PostgreSQLDatabase.inspect(url: url)
                let state = found.schemaNumber == 0 ? "empty so far" : "schema \(found.schemaNumber)"
                return good("PostgreSQL \(found.serverVersion) at \(found.address), \(state)")
            }
        } catch {
            guard let explanation = (error as? any ExplainedError)?.explanation else {
                return bad("it cannot be opened", "Restore the data folder from its last copy.")
            }
            let cause = explanation.details.first { $0.name == "cause" }.map { " (\($0.value))" } ?? ""
            return bad(explanation.message + cause, explanation.hint)
        }
    }

    private func good(_ fact: String) -> DoctorFinding {
        DoctorFinding(subject: "registry", state: .good, fact: fact, remedy: nil)
    }

    private func bad(_ fact: String, _ remedy: String?) -> DoctorFinding {
        DoctorFinding(subject: "registry", state: .bad, fact: fact, remedy: remedy)
    }
}
