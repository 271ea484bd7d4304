// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// The real program with its registry in a real PostgreSQL.
struct PostgreSQLTests {
    private let example = "\(repositoryRoot)/examples/breast-cancer"

    /// Deployed, restarted in place, stopped, and started again: it answers, and nothing of the registry is in the folder.
    @Test func aPlatformLivesInADatabase() async throws {
        try await withTemporaryFolder { folder in
            let database = try await PostgreSQLCluster.shared().makeDatabase()
            let data = folder + "/data"
            let platform = try await RunningPlatform(data: data, environment: ["SLIPWAY_DATABASE": database])
            let deployed = try await platform.program.run("deploy", example)
            #expect(deployed.exitCode == 0, "\(deployed.errors)")
            let files = try FileManager.default.contentsOfDirectory(atPath: data)
            #expect(!files.contains { $0.hasPrefix("registry.sqlite") }, "\(files)")

            // The new process has the environment of the old one, whatever this one has.
            let local = Program(environment: ["SLIPWAY_DATA": data])
            let restarted = try await local.run("restart", "--format", "json")
            #expect(restarted.exitCode == 0, "\(restarted.errors)")
            #expect(await platform.stop() == 0)
            let status = try await local.run("status")
            #expect(status.output.contains("breast-cancer"), "\(status.output) \(status.errors)")
            #expect(try await predicts(local))
            #expect(try await local.run("stop").exitCode == 0)

            // One that is killed leaves nothing that keeps the next one out.
            let killed = try await RunningPlatform(data: data, environment: ["SLIPWAY_DATABASE": database])
            await killed.kill()
            try await RunningPlatform.with(data: data, environment: ["SLIPWAY_DATABASE": database]) { platform in
                #expect(try await predicts(platform.program))
                let head = try await platform.program.run("ledger", "head")
                #expect(head.exitCode == 0, "\(head.errors)")
                let kept = try #require(head.output.split(whereSeparator: \.isWhitespace).dropFirst().first)
                let ledger = try await platform.program.run("ledger", "verify", "--head", String(kept))
                #expect(ledger.exitCode == 0, "\(ledger.errors)")
                let found = try await platform.program.run("where", "--library", "onnxruntime")
                #expect(found.output.contains("1 endpoint contains it"), "\(found.output) \(found.errors)")
            }
        }
    }

    /// Predictions need no database; changes say what is wrong, and go through again once it is back.
    @Test func predictionsGoOnWithoutTheDatabase() async throws {
        try await withTemporaryFolder { folder in
            let cluster = try await PostgreSQLCluster()
            let database = try await cluster.makeDatabase()
            try await RunningPlatform.with(data: folder + "/data", environment: ["SLIPWAY_DATABASE": database]) {
                platform in
                #expect(try await platform.program.run("deploy", example).exitCode == 0)
                await cluster.stop(keepsData: true)
                #expect(try await predicts(platform.program))
                let refused = try await platform.program.run("endpoint", "set", "breast-cancer", "--deadline", "1s")
                #expect(refused.exitCode == 7)
                #expect(
                    refused.errors.contains("REG-008") && refused.errors.contains("cannot be reached"),
                    "\(refused.errors)")
                try await cluster.start()
                let taken = try await platform.program.run("endpoint", "set", "breast-cancer", "--deadline", "1s")
                #expect(taken.exitCode == 0, "\(taken.errors)")
            }
            await cluster.stop()
        }
    }

    @Test func aSecondServerWithAnotherFolderIsRefused() async throws {
        try await withTemporaryFolder { folder in
            let database = try await PostgreSQLCluster.shared().makeDatabase()
            try await RunningPlatform.with(data: folder + "/one", environment: ["SLIPWAY_DATABASE": database]) { _ in
                let second = try await Program(environment: [:]).run(
                    "serve", "--data", folder + "/two", "--port", "0", "--database", database)
                #expect(second.exitCode == 4)
                #expect(second.errors.contains("RPL-003"), "\(second.errors)")
            }
        }
    }

    @Test func theDoctorLooksAtTheDatabase() async throws {
        try await withTemporaryFolder { folder in
            let cluster = try await PostgreSQLCluster.shared()
            let database = try await cluster.makeDatabase()
            let program = Program(environment: ["SLIPWAY_DATA": folder + "/data"])
            let well = try await program.run("doctor", "--database", database)
            #expect(well.output.contains("PostgreSQL"), "\(well.output)")
            #expect(well.output.contains("empty so far"), "\(well.output)")
            let ill = try await program.run(
                "doctor", "--database", cluster.url(database, withPassword: "wrong and secret"))
            #expect(ill.exitCode == 7)
            #expect(ill.output.contains("password authentication failed"), "\(ill.output)")
            #expect(!(ill.output + ill.errors).contains("secret"))
        }
    }

    /// Neither what it prints nor what it logs has the password.
    @Test func aServerWithoutItsDatabaseDoesNotStartAndKeepsThePassword() async throws {
        try await withTemporaryFolder { folder in
            let cluster = try await PostgreSQLCluster.shared()
            let database = cluster.url(try await cluster.makeDatabase(), withPassword: "wrong and secret")
            let program = Program(environment: ["SLIPWAY_DATABASE": database])
            let refused = try await program.run("serve", "--data", folder + "/data", "--port", "0")
            #expect(refused.exitCode == 7)
            #expect(refused.errors.contains("REG-008"), "\(refused.errors)")
            let log = (try? String(contentsOfFile: folder + "/data/server.log", encoding: .utf8)) ?? ""
            #expect(!(refused.output + refused.errors + log).contains("secret"))
        }
    }

    private func predicts(_ program: Program) async throws -> Bool {
        try await program.run("predict", "breast-cancer", "--rows", example + "/row.json").output.contains("label")
    }
}
