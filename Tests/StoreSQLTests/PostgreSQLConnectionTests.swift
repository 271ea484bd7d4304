// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import PortContracts
import StoreSQL
import Synchronization
import TestSupport
import Testing

/// Servers that end connections, are not there, or let nobody in.
struct PostgreSQLConnectionTests {
    private let time = PostgreSQLFixture.time

    @Test func settingsAreOursWhateverTheDatabaseSays() async throws {
        let cluster = try await PostgreSQLCluster.shared()
        let url = try await cluster.makeDatabase()
        let name = url.split(separator: "?")[0].split(separator: "/").last ?? ""
        for setting in ["synchronous_commit = off", "bytea_output = escape", "extra_float_digits = -15"] {
            try await cluster.sql("ALTER DATABASE \(name) SET \(setting)")
        }
        let database = try await PostgreSQLDatabase.open(url: url, time: time)
        let row = try await database.write { transaction in
            try transaction.rows(
                """
                SELECT current_setting('synchronous_commit') AS s, current_setting('transaction_isolation') AS i,
                    current_setting('client_encoding') AS e, current_setting('statement_timeout') AS t,
                    current_setting('application_name') AS n, :f AS f, :b AS b
                """, ["f": .real(1.0 / 3), "b": .blob([92, 0])]
            ).first
        }
        #expect(row?["s"] == .text("on"))
        #expect(row?["i"] == .text("serializable"))
        #expect(row?["e"] == .text("UTF8"))
        #expect(row?["t"] == .text("30s"))
        #expect(row?["n"] == .text("slipway"))
        #expect(row?["f"] == .real(1.0 / 3))
        #expect(row?["b"] == .blob([92, 0]))
        try database.close()
    }

    /// What an administrator asked for beyond that stays.
    @Test func aStricterCommitIsLeftAsItIs() async throws {
        let cluster = try await PostgreSQLCluster.shared()
        let url = try await cluster.makeDatabase()
        let database = try await PostgreSQLDatabase.open(
            url: url + "&options=-csynchronous_commit%3Dremote_apply", time: time)
        let setting = try await database.write {
            try $0.rows("SHOW synchronous_commit", [:]).first?["synchronous_commit"]
        }
        #expect(setting == .text("remote_apply"))
        try database.close()
    }

    @Test func connectionsThatWereEndedAreReplaced() async throws {
        try await PostgreSQLFixture.with { fixture async throws in
            for round in 0..<3 {
                let name = SQLValue.text("\(round)")
                try await fixture.execute(insertProject, ["name": name, "time": .integer(1)])
                #expect(try await fixture.rows("SELECT name FROM project").count == round + 1)
                #expect(try await fixture.cluster.endConnections(to: fixture.url) > 0)
            }
        }
    }

    /// The connection ends while the body runs, before it has asked for anything to be kept: it runs once more.
    @Test func aBodyWhoseConnectionEndsRunsAgain() async throws {
        try await PostgreSQLFixture.with { fixture async throws in
            for place in [Place.betweenStatements, .beforeTheCommit] {
                let runs = Mutex(0)
                let url = fixture.url
                let other = try await PostgreSQLDatabase.open(url: url, time: time)
                try await fixture.database.write { transaction in
                    let isFirst = runs.withLock { runs in
                        runs += 1
                        return runs == 1
                    }
                    let process = try transaction.rows("SELECT pg_backend_pid() AS p", [:]).first?["p"]
                    if isFirst, place == .betweenStatements { try waiting { try await other.end(process) } }
                    try transaction.execute(insertProject, ["name": .text("\(place)"), "time": .integer(1)])
                    if isFirst, place == .beforeTheCommit { try waiting { try await other.end(process) } }
                }
                #expect(runs.withLock { $0 } == 2, "\(place)")
                try other.close()
            }
            #expect(try await fixture.rows("SELECT name FROM project").count == 2)
        }
    }

    private enum Place { case betweenStatements, beforeTheCommit }

    /// Each run ends its own connection: the second is the last.
    @Test func aBodyWhoseConnectionsAlwaysEndIsGivenUp() async throws {
        try await PostgreSQLFixture.with { fixture async throws in
            let runs = Mutex(0)
            await #expect {
                try await fixture.database.read { transaction in
                    runs.withLock { $0 += 1 }
                    _ = try transaction.rows("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(5)", [:])
                }
            } throws: { isUnreachable($0) }
            #expect(runs.withLock { $0 } == 2)
            #expect(try await fixture.rows("SELECT 1 AS a").count == 1)
        }
    }

    /// Nobody can tell whether it was made, and to make it twice would be worse than to say so.
    @Test func aCommitWithoutAnAnswerIsNotRepeated() async throws {
        try await PostgreSQLFixture.with { fixture async throws in
            // The connection ends in the course of the commit: a trigger that waits for its end does it.
            try await fixture.execute(
                """
                CREATE FUNCTION end_here() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); RETURN NULL; END'
                """)
            try await fixture.execute(
                """
                CREATE CONSTRAINT TRIGGER ends AFTER INSERT ON project DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION end_here()
                """)
            let runs = Mutex(0)
            let error = await #expect(throws: StoreFailure.self) {
                try await fixture.database.write { transaction in
                    runs.withLock { $0 += 1 }
                    try transaction.execute(insertProject, ["name": .text("a"), "time": .integer(1)])
                }
            }
            guard case .server(.outcomeUnknown, _) = error?.reason else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(error?.explanation.kind == .unavailable)
            #expect(runs.withLock { $0 } == 1)
            #expect(try await fixture.rows("SELECT name FROM project").isEmpty)
        }
    }

    @Test func aServerThatComesBackIsUsedAgain() async throws {
        let cluster = try await PostgreSQLCluster()
        let url = try await cluster.makeDatabase()
        let database = try await PostgreSQLDatabase.open(url: url, time: time)
        try await database.write { try $0.execute(insertProject, ["name": .text("a"), "time": .integer(1)]) }
        await cluster.stop(keepsData: true)
        await #expect { try await database.read { _ = try $0.rows("SELECT 1 AS a", [:]) } } throws: {
            isUnreachable($0)
        }
        await #expect {
            try await database.write { try $0.execute(insertProject, ["name": .text("b"), "time": .integer(1)]) }
        } throws: { isUnreachable($0) }
        await #expect { _ = try await PostgreSQLDatabase.open(url: url, time: time) } throws: { isUnreachable($0) }
        try await cluster.start()
        try await database.write { try $0.execute(insertProject, ["name": .text("c"), "time": .integer(1)]) }
        let names = try await database.read {
            try $0.rows("SELECT name FROM project WHERE name <> 'default' ORDER BY name", [:])
        }
        #expect(names.map { $0["name"] } == [.text("a"), .text("c")])
        try database.close()
        await cluster.stop()
    }

    @Test func aWrongPasswordIsExplainedWithoutIt() async throws {
        let cluster = try await PostgreSQLCluster.shared()
        let url = try await cluster.makeDatabase()
        let right = cluster.url(url, withPassword: PostgreSQLCluster.password)
        try await PostgreSQLDatabase.open(url: right, time: time).close()
        let wrong = "wrong & secret"
        let error = await #expect(throws: StoreFailure.self) {
            _ = try await PostgreSQLDatabase.open(url: cluster.url(url, withPassword: wrong), time: time)
        }
        guard case .server(.accessDenied, let address) = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(address.hasPrefix("127.0.0.1:\(cluster.port)/test_"))
        for text in [error?.explanation.line ?? "", String(describing: error), String(reflecting: error)] {
            #expect(!text.contains("secret"), "\(text)")
        }
    }

    @Test func aDatabaseThatIsNotThereIsExplained() async throws {
        let cluster = try await PostgreSQLCluster.shared()
        let error = await #expect(throws: StoreFailure.self) {
            _ = try await PostgreSQLDatabase.open(url: cluster.url(of: "nowhere"), time: time)
        }
        #expect(error?.reason == .server(.databaseMissing, at: "localhost:\(cluster.port)/nowhere"))
        #expect(error?.explanation.hint?.contains("createdb") == true)
    }

    @Test func aUserWhoMayNotMakeTablesIsExplained() async throws {
        let cluster = try await PostgreSQLCluster.shared()
        let url = try await cluster.makeDatabase()
        try await cluster.sql("CREATE ROLE guest_\(cluster.port) LOGIN")
        let guest = url.replacing("://\(PostgreSQLCluster.owner)@", with: "://guest_\(cluster.port)@")
        await #expect { _ = try await PostgreSQLDatabase.open(url: guest, time: time) } throws: { error in
            if case .server(.accessDenied, _) = (error as? StoreFailure)?.reason { true } else { false }
        }
    }

    @Test func aDatabaseWithoutAllLettersIsRefused() async throws {
        let cluster = try await PostgreSQLCluster.shared()
        let url = try await cluster.makeDatabase(encoding: "LATIN1")
        await #expect { _ = try await PostgreSQLDatabase.open(url: url, time: time) } throws: { error in
            if case .server(.encoding("LATIN1"), _) = (error as? StoreFailure)?.reason { true } else { false }
        }
    }

    @Test func aMissingLibraryIsExplained() async throws {
        let error = await #expect(throws: StoreFailure.self) {
            _ = try await PostgreSQLDatabase.open(
                url: "postgres://h/d", time: time, library: "libpq-that-is-not-there.so")
        }
        #expect(error?.explanation.code == .storeUnavailable)
        #expect(error?.explanation.hint?.contains("libpq5") == true)
    }

    @Test(arguments: [
        "", "registry.sqlite", "mysql://u:secret@h/d", "host=h password=secret", "postgres://u:secret%ZZ@h/d",
        "postgres://u:secret@h/d?nothing=1", "postgres://u:secret@h:port/d",
    ])
    func whatIsNoURLIsRefusedWithoutQuotingIt(_ url: String) async throws {
        let error = await #expect(throws: (any Error).self) {
            _ = try await PostgreSQLDatabase.open(url: url, time: time)
        }
        let explanation = (error as? any ExplainedError)?.explanation
        #expect(explanation?.kind == .invalidInput || explanation?.kind == .unavailable)
        #expect(explanation?.line.contains("secret") == false)
        #expect(!String(describing: error).contains("secret"), "\(String(describing: error))")
    }

    /// Contents lie in a data folder: a server with another one would find the rows and not the contents.
    @Test func aSecondServerIsRefusedAndASuccessorIsNot() async throws {
        let url = try await PostgreSQLCluster.shared().makeDatabase()
        let first = try await PostgreSQLDatabase.open(url: url, time: time, claim: 1)
        await expectCode(.dataFolderInUse) { _ = try await PostgreSQLDatabase.open(url: url, time: time, claim: 2) }
        let successor = try await PostgreSQLDatabase.open(url: url, time: time, claim: 1)
        try first.close()
        await expectCode(.dataFolderInUse) { _ = try await PostgreSQLDatabase.open(url: url, time: time, claim: 2) }
        try successor.close()
        try await PostgreSQLDatabase.open(url: url, time: time, claim: 2).close()
    }

    /// They are in each other's way for a moment only.
    @Test func ofServersThatStartAtOnceOneGetsTheDatabase() async throws {
        let url = try await PostgreSQLCluster.shared().makeDatabase()
        let opened = await withTaskGroup(of: PostgreSQLDatabase?.self) { group in
            for claim in Int32(1)...3 {
                group.addTask {
                    try? await PostgreSQLDatabase.open(url: url, time: PostgreSQLFixture.time, claim: claim)
                }
            }
            return await group.reduce(into: []) { $0 += [$1].compactMap(\.self) }
        }
        #expect(opened.count == 1)
        for database in opened { try database.close() }
    }

    @Test func aDatabaseThatWasClosedTakesNothingMore() async throws {
        let url = try await PostgreSQLCluster.shared().makeDatabase()
        let database = try await PostgreSQLDatabase.open(url: url, time: time)
        try database.close()
        await #expect(throws: StoreFailure.self) { try await database.read { _ = try $0.rows("SELECT 1 AS a", [:]) } }
    }
}

private func isUnreachable(_ error: any Error) -> Bool {
    if case .server(.unreachable, _) = (error as? StoreFailure)?.reason { true } else { false }
}

extension PostgreSQLDatabase {
    /// Ends the connection of a server process, and waits until that has gone.
    fileprivate func end(_ process: SQLValue?) async throws {
        guard case .integer(let number) = process else { throw StoreFailure(.refused) }
        let isEnded = try await read {
            try $0.rows("SELECT pg_terminate_backend(\(number), 5000) AS e", [:]).first?["e"]
        }
        #expect(isEnded == .integer(1))
    }
}
