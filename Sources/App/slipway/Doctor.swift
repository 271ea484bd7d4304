// SPDX-License-Identifier: Apache-2.0
import CommandLineInterface
import Foundation
import ModelDomain
import ModelExecution
import ProcessSandbox

/// Looks at everything a server needs on this machine, and says how to mend what is wrong.
struct Doctor {
    let folder: DataFolder
    let engines: EngineLibraries
    let port: Int
    let database: RegistryDatabase

    func findings() async -> [DoctorFinding] {
        [program, engine, dataFolder, await database.finding(), server, disk, token, sandbox]
    }

    private var program: DoctorFinding {
        DoctorFinding(
            subject: "program", state: .good, fact: "\(Product.nameAndVersion) at \(executablePath())", remedy: nil)
    }

    private var engine: DoctorFinding {
        let finding = engines.finding()
        guard let identity = finding.identity else {
            return DoctorFinding(
                subject: "engine", state: .bad, fact: finding.problem?.message ?? "ONNX Runtime cannot be used",
                remedy: finding.problem?.hint)
        }
        return DoctorFinding(
            subject: "engine", state: .good, fact: "\(identity.name) \(identity.version) at \(finding.path ?? "")",
            remedy: nil)
    }

    private var dataFolder: DoctorFinding {
        guard FileManager.default.fileExists(atPath: folder.path) else {
            return DoctorFinding(
                subject: "data folder", state: .good, fact: "\(folder.path) is not there yet; the first start makes it",
                remedy: nil)
        }
        guard unsafe access(folder.path, W_OK | X_OK) == 0 else {
            return DoctorFinding(
                subject: "data folder", state: .bad, fact: "\(folder.path) cannot be written by this user",
                remedy: "Give it to this user with chown, or choose another with --data.")
        }
        return DoctorFinding(subject: "data folder", state: .good, fact: "\(folder.path) can be written", remedy: nil)
    }

    private var server: DoctorFinding {
        if let running = folder.runningServer() {
            return DoctorFinding(
                subject: "server", state: .good, fact: "process \(running.processID) answers at \(running.url)",
                remedy: nil)
        }
        guard let owner = portOwner(port) else {
            return DoctorFinding(subject: "server", state: .good, fact: "none runs; port \(port) is free", remedy: nil)
        }
        return DoctorFinding(
            subject: "server", state: .warning, fact: "none runs on this folder; port \(port) is taken by \(owner)",
            remedy: "Start with another port: `slipway serve --port 0` lets the system choose.")
    }

    private var disk: DoctorFinding {
        var existing = folder.path
        while !FileManager.default.fileExists(atPath: existing), existing != "/" {
            existing = URL(fileURLWithPath: existing).deletingLastPathComponent().path
        }
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: existing)
        guard let free = attributes?[.systemFreeSize] as? Int64 else {
            return DoctorFinding(subject: "disk", state: .warning, fact: "free space is not known", remedy: nil)
        }
        let isEnough = free > 1 << 30
        return DoctorFinding(
            subject: "disk", state: isEnough ? .good : .warning, fact: "\(free >> 20) MiB free",
            remedy: isEnough ? nil : "Keep at least 1024 MiB free: a full disk refuses new models.")
    }

    /// Tried, not guessed: it starts a program in the sandbox, which looks around.
    private var sandbox: DoctorFinding {
        let strength = Sandbox.standard.strength
        return DoctorFinding(
            subject: "sandbox", state: strength.isFull ? .good : .warning, fact: strength.summary,
            remedy: strength.isFull ? nil : strength.remedy)
    }

    private var token: DoctorFinding {
        guard folder.readToken() != nil else {
            return DoctorFinding(
                subject: "token", state: .good, fact: "none yet; the first start makes one", remedy: nil)
        }
        let mode = (try? FileManager.default.attributesOfItem(atPath: "\(folder.path)/token"))?[.posixPermissions]
        let isPrivate = ((mode as? Int) ?? 0) & 0o077 == 0
        return DoctorFinding(
            subject: "token", state: isPrivate ? .good : .bad,
            fact: isPrivate ? "readable by its owner only" : "readable by other users of this machine",
            remedy: isPrivate ? nil : "chmod 600 \(folder.path)/token")
    }
}
