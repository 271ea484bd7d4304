// SPDX-License-Identifier: Apache-2.0
import AccessControl
import ModelDomain
import ModelRegistry
import PortContracts
import StoreSQL
import Synchronization
import TestSupport
import Testing

/// An authority on a database of its own, and a clock that moves when the test says so.
struct AccessFixture {
    let authority: TokenAuthority
    let store: SQLCredentialStore
    let registry: ModelRegistry
    let clock: TestClock
    /// The path of the database.
    let path: String
    /// Somebody who may do everything.
    let admin: Principal

    static func with(_ body: (AccessFixture) async throws -> Void) async throws {
        try await withTemporaryFolder { folder async throws in
            let path = "\(folder)/r.sqlite"
            let database = try await SQLiteDatabase.open(at: path, time: Timestamp(microseconds: 1))
            let clock = TestClock()
            let store = SQLCredentialStore(database: database)
            let authority = try await TokenAuthority(store: store) { clock.now }
            let registry = ModelRegistry(store: SQLRegistryStore(database: database)) { clock.now }
            let token = try await authority.ensureAdministratorToken(existing: nil).token
            try await body(
                AccessFixture(
                    authority: authority, store: store, registry: registry, clock: clock, path: path,
                    admin: try authority.identify(token)))
        }
    }

    /// A token, whose it is, and its id.
    func makeToken(
        for name: String = "ada", _ roles: Role..., scope: Scope = .all, lifetime: Lifetime? = nil,
        by maker: Principal? = nil
    ) async throws -> (text: String, id: TokenID) {
        let issued = try await authority.create(
            TokenOrder(principal: makeName(name), roles: roles, scope: scope, lifetime: lifetime),
            by: maker ?? admin)
        return (issued.text, issued.credential.id)
    }

    func principal(_ roles: Role..., scope: Scope = .all) -> Principal {
        Principal(
            name: makeName("ada"), tokenID: TokenID(of: Digest(of: "t".utf8)), roles: roles, scope: scope)
    }

    /// What the ledger says: action, object, before, after.
    func ledger() async throws -> [LedgerChange] { try await registry.ledger(limit: 1000).map(\.change) }
}

final class TestClock: Sendable {
    private let time = Mutex<Int64>(1_800_000_000_000_000)

    var now: Timestamp { Timestamp(microseconds: time.withLock { $0 }) }

    func advance(seconds: Int) { time.withLock { $0 += Int64(seconds) * 1_000_000 } }
}

let growth: ProjectName = makeName("growth")
let other: ProjectName = makeName("other")

func lifetime(_ text: String) throws -> Lifetime { try #require(Lifetime(text)) }
