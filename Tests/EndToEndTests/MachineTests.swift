// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Whether this process may mount a small file system, which a full disk needs.
private let canMount: Bool = {
    guard getuid() == 0 else { return false }
    return (try? shell("mount -t tmpfs -o size=64k tmpfs /mnt && umount /mnt")) == 0
}()

@discardableResult
private func shell(_ command: String) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", command]
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
}

/// A file system of `size`, unmounted when the body ends.
private func withSmallDisk(_ size: String, at path: String, _ body: () async throws -> Void) async throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try #require(try shell("mount -t tmpfs -o size=\(size) tmpfs \(path)") == 0)
    do {
        try await body()
        try shell("umount -l \(path)")
    } catch {
        try shell("umount -l \(path)")
        throw error
    }
}

struct MachineTests {
    @Test func aUsedPortNamesItsOwner() async throws {
        try await withTemporaryFolder { folder in
            try await RunningPlatform.with(data: folder + "/one") { platform in
                let port = try #require(platform.url.split(separator: ":").last)
                let second = try await Program(environment: [:]).run(
                    "serve", "--data", folder + "/two", "--port", String(port))
                #expect(second.exitCode != 0)
                #expect(second.errors.contains("SYS-004"), "\(second.errors)")
                #expect(second.errors.contains("process \(platform.processID)"), "\(second.errors)")
                #expect(second.errors.contains("--port"))
            }
        }
    }

    @Test func aDataFolderHasOneServer() async throws {
        try await withTemporaryFolder { folder in
            try await RunningPlatform.with(data: folder + "/data") { platform in
                let second = try await Program(environment: [:]).run(
                    "serve", "--data", folder + "/data", "--port", "0")
                #expect(second.exitCode == 4)
                #expect(second.errors.contains("SYS-003"), "\(second.errors)")
                #expect(second.errors.contains("\(platform.processID)"))
                #expect(try await platform.get("/v2/health/live").status == 200)
            }
        }
    }

    /// One command on a machine where nothing runs: a server is started, answers, and is stopped by name.
    @Test func deployStartsAServerInTheBackground() async throws {
        try await withTemporaryFolder { folder in
            let program = Program(environment: ["SLIPWAY_DATA": folder + "/data"])
            #expect(try await program.run("status").exitCode == 7)
            let deployed = try await program.run("deploy", "\(repositoryRoot)/examples/breast-cancer")
            #expect(deployed.exitCode == 0, "\(deployed.errors)")
            let status = try await program.run("status")
            #expect(status.exitCode == 0, "\(status.errors)")
            #expect(status.output.contains("breast-cancer"))
            let doctor = try await program.run("doctor")
            #expect(doctor.exitCode == 0, "\(doctor.output) \(doctor.errors)")
            #expect(try await program.run("stop").exitCode == 0)
            #expect(try await program.run("status").exitCode == 7)
            let mode = try FileManager.default.attributesOfItem(atPath: folder + "/data/token")[.posixPermissions]
            #expect(mode as? Int == 0o600)
        }
    }

    @Test(.enabled(if: canMount, "needs to mount a file system"))
    func aFullDiskRefusesAndLeavesNothingHalf() async throws {
        try await withTemporaryFolder { folder in
            let disk = folder + "/disk"
            try await withSmallDisk("24k", at: disk) {
                let packed = try await Program(environment: ["SLIPWAY_DATA": folder + "/data"]).run(
                    "pack", "\(repositoryRoot)/examples/breast-cancer", "--output", disk + "/bundle")
                #expect(packed.exitCode == 7)
                #expect(packed.errors.contains("SYS-001"), "\(packed.errors)")
                #expect(try FileManager.default.contentsOfDirectory(atPath: disk).isEmpty)
            }
            try await withSmallDisk("40m", at: disk) {
                try await RunningPlatform.with(data: disk + "/data") { platform in
                    let models = try ScaleModels(in: folder)
                    _ = try await platform.program.run("deploy", models.path(2), "--name", "scale")
                    try shell("dd if=/dev/zero of=\(disk)/filler bs=4k")
                    let full = try await platform.program.run("deploy", "\(repositoryRoot)/examples/digits")
                    #expect(full.exitCode == 7, "\(full.exitCode) \(full.errors)")
                    #expect(full.errors.contains("SYS-001"), "\(full.errors)")
                    #expect(try await models.answer(platform) == 2)
                    try shell("rm \(disk)/filler")
                    let again = try await platform.program.run("deploy", "\(repositoryRoot)/examples/digits")
                    #expect(again.exitCode == 0, "\(again.errors)")
                }
            }
        }
    }

    /// Root may write where the permission bits say no, so a read-only file system stands for one.
    @Test(.enabled(if: canMount, "needs to mount a file system"))
    func aReadOnlyFolderIsExplained() async throws {
        try await withTemporaryFolder { folder in
            let disk = folder + "/disk"
            try await withSmallDisk("1m", at: disk) {
                try shell("mount -o remount,ro \(disk)")
                let packed = try await Program(environment: ["SLIPWAY_DATA": folder + "/data"]).run(
                    "pack", "\(repositoryRoot)/examples/breast-cancer", "--output", disk + "/bundle")
                #expect(packed.errors.contains("SYS-002"), "\(packed.errors)")
                let served = try await Program(environment: [:]).run("serve", "--data", disk + "/data", "--port", "0")
                #expect(served.exitCode == 7)
                #expect(served.errors.contains("SYS-002"), "\(served.errors)")
                let deployed = try await Program(environment: ["SLIPWAY_DATA": disk + "/data"]).run(
                    "deploy", "\(repositoryRoot)/examples/breast-cancer")
                #expect(deployed.errors.contains("SYS-002"), "\(deployed.errors)")
            }
        }
    }

    /// No telemetry: nothing is written into the user's home.
    @Test func theEngineLeavesNoTraceInTheHome() async throws {
        try await withTemporaryFolder { folder in
            let home = folder + "/home"
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
            let program = Program(environment: ["HOME": home])
            let deployed = try await program.run("deploy", "\(repositoryRoot)/examples/breast-cancer")
            #expect(deployed.exitCode == 0, "\(deployed.errors)")
            #expect(try await program.run("stop").exitCode == 0)
            #expect(try FileManager.default.contentsOfDirectory(atPath: home) == [".slipway"])
        }
    }

    @Test func completionsAreMadeForEveryShell() async throws {
        for shell in ["bash", "zsh", "fish"] {
            let result = try await Program(environment: [:]).run("--generate-completion-script", shell)
            #expect(result.exitCode == 0)
            #expect(result.output.contains("rollback"))
        }
    }
}
