// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain
package import ModelExecution
internal import Tensors

/// The Python environments of a data folder, each under the digest of its lock.
///
/// An environment is installed once, when a version is packed or deployed, and only looked up afterwards: a start
/// resolves nothing, fetches nothing, and works without a network.
package struct PythonEnvironments: WorkerEnvironments {
    private let folder: String
    /// The folder that holds our own Python package and nothing else.
    private let package: @Sendable () throws(EngineError) -> String
    private let variables: [String: String]
    private let log: @Sendable (String) -> Void

    /// - Parameters:
    ///   - folder: Holds the environments.
    ///   - package: Finds the folder that `import slipway` is to find.
    ///   - variables: Those of this process; no worker gets them.
    package init(
        folder: String, package: @escaping @Sendable () throws(EngineError) -> String,
        variables: [String: String], log: @escaping @Sendable (String) -> Void
    ) {
        self.folder = folder
        self.package = package
        self.variables = variables
        self.log = log
    }

    package func program(for needs: WorkerNeeds) throws(EngineError) -> WorkerProgram {
        guard let language = needs.language else { return try command(needs.command) }
        guard language == "python" else {
            throw .modelRefused(reason: "no worker for the language “\(language.prefix(40))” comes with this program")
        }
        return try program(of: installed(needs), module: "slipway._worker", arguments: [])
    }

    /// How our own Python code is run by an interpreter.
    package func program(
        of interpreter: PythonInterpreter, module: String, arguments: [String]
    ) throws(EngineError) -> WorkerProgram {
        let package = try package()
        return WorkerProgram(
            program: interpreter.path, arguments: ["-B", "-s", "-m", module] + arguments,
            environment: [
                "PYTHONPATH": package, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", "PYTHONUTF8": "1",
                "LANG": "C.UTF-8", "USER": "worker", "LOGNAME": "worker", "PATH": "/usr/local/bin:/usr/bin:/bin",
                "OMP_NUM_THREADS": "1",
                "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
            ],
            readable: outermost(
                interpreter.readable + [
                    package,
                    URL(fileURLWithPath: interpreter.path)
                        .deletingLastPathComponent().path,
                ]))
    }

    private func command(_ words: [String]) throws(EngineError) -> WorkerProgram {
        guard let first = words.first else { throw .modelRefused(reason: "its command is empty") }
        guard let program = first.hasPrefix("/") ? first : onPath(first, variables),
            FileManager.default.isExecutableFile(atPath: program)
        else {
            throw .environmentMissing(
                reason: "The program “\(first.prefix(100))”, which runs this model, is not installed.",
                hint: "Install it on the server, then deploy again.")
        }
        let real = URL(fileURLWithPath: program).resolvingSymlinksInPath().path
        return WorkerProgram(
            program: program, arguments: Array(words.dropFirst()),
            environment: ["PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"],
            readable: outermost([program, real]))
    }

    // MARK: What is installed

    private func installed(_ needs: WorkerNeeds) throws(EngineError) -> PythonInterpreter {
        guard let file = needs.lock else { return try anyInterpreter() }
        let lock = try read(file)
        if let interpreter = recorded(lock) { return interpreter }
        throw .environmentMissing(
            reason: "The environment of this model (\(lock.digest.short), Python \(lock.python), "
                + "\(lock.requirements.count) packages) is not installed here.",
            hint: "Deploy the version again: that installs it.")
    }

    private func anyInterpreter() throws(EngineError) -> PythonInterpreter {
        do {
            return try PythonInterpreter.active(variables)
        } catch {
            throw .environmentMissing(
                reason: "No Python was found, which this model needs.", hint: "Install Python 3.10 or newer.")
        }
    }

    private func read(_ file: ModelFile) throws(EngineError) -> EnvironmentLock {
        do throws(Refusal) {
            return try EnvironmentLock(at: file)
        } catch {
            throw .modelRefused(reason: error.explanation.message)
        }
    }

    private func record(of lock: EnvironmentLock) -> String { "\(folder)/\(lock.digest.hex.prefix(24)).json" }

    private func recorded(_ lock: EnvironmentLock) -> PythonInterpreter? {
        guard let content = FileManager.default.contents(atPath: record(of: lock)),
            let fields = try? FieldReader(document: Array(content), what: "record"),
            let path = try? fields.text("python"), FileManager.default.isExecutableFile(atPath: path),
            let version = try? fields.text("version"), let readable = try? fields.texts("readable")
        else { return nil }
        return PythonInterpreter(path: path, version: version, readable: readable)
    }

    private func keep(_ interpreter: PythonInterpreter, for lock: EnvironmentLock, origin: String) throws {
        let json = JSONValue.record([
            ("schema", .string("slipway.installed/1")), ("python", .string(interpreter.path)),
            ("version", .string(interpreter.version)), ("origin", .string(origin)),
            ("readable", .array(interpreter.readable.map(JSONValue.string))),
            ("requirements", .array(lock.requirements.map(JSONValue.string))),
        ])
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        // A record that a power loss leaves stands for an environment that it leaves too: thousands of files, which others
        // wrote.
        sync()
        try Data(json.canonical).write(to: URL(fileURLWithPath: record(of: lock)), options: .atomic)
        sync()
    }

    // MARK: Installing

    /// Makes do with an interpreter that is there and has what the lock asks for: the one the model was packed with.
    package func adopt(_ interpreter: PythonInterpreter, for file: ModelFile) throws {
        let lock = try EnvironmentLock(at: file)
        guard recorded(lock) == nil else { return }
        try keep(interpreter, for: lock, origin: "active")
    }

    package func install(_ needs: WorkerNeeds) throws(EngineError) {
        guard needs.language == "python", let file = needs.lock else { return }
        let lock = try read(file)
        guard recorded(lock) == nil else { return }
        do {
            try build(lock)
        } catch let refusal as Refusal {
            throw .unavailable(refusal.explanation)
        } catch {
            throw .environmentMissing(
                reason: "The environment of this model could not be written: \(error).",
                hint: "Check the data folder's permissions and the free disk.")
        }
    }

    /// Wheels only, and none but those named: no code of a package runs while it is installed.
    private func build(_ lock: EnvironmentLock) throws {
        let target = "\(folder)/\(lock.digest.hex.prefix(24))"
        // A half one is of a build that was interrupted; two builds at a time must not share a folder.
        let staging = "\(folder)/.\(UUID().uuidString.lowercased())"
        try FileManager.default.createDirectory(atPath: staging, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: staging) }
        let list = "\(staging)/requirements.txt"
        try Data(lock.requirements.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: list))
        log("installing \(lock.requirements.count) packages for Python \(lock.python) (\(lock.digest.short))")
        // Not in the staging folder: an environment cannot be moved once it is made.
        try? FileManager.default.removeItem(atPath: target)
        do {
            if let uv = onPath("uv", variables) {
                try run(uv, ["venv", "--quiet", "--python", lock.python, target])
                try run(
                    uv,
                    [
                        "pip", "install", "--quiet", "--python", "\(target)/bin/python", "--no-deps",
                        "--only-binary", ":all:", "-r", list,
                    ])
            } else {
                try run(try interpreter(lock.python).path, ["-m", "venv", target])
                try run(
                    "\(target)/bin/python",
                    [
                        "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
                        "--only-binary", ":all:", "-r", list,
                    ])
            }
            // What was installed is foreign code, and this process is not confined: its Python is asked bare.
            let bare = try PythonInterpreter(asking: "\(target)/bin/python", variables, isBare: true)
            try keep(
                PythonInterpreter(
                    path: bare.path, version: bare.version, readable: outermost(bare.readable + [target])),
                for: lock, origin: "built")
        } catch {
            try? FileManager.default.removeItem(atPath: target)
            throw error
        }
    }

    private func interpreter(_ minor: String) throws -> PythonInterpreter {
        let names = [variables["SLIPWAY_PYTHON"], "python\(minor)", "python3", "/usr/bin/python3"].compactMap(\.self)
        for name in names {
            if let found = try? PythonInterpreter(asking: name, variables), found.minor == minor { return found }
        }
        throw Refusal(
            .environmentMissing, .unavailable, "This model needs Python \(minor), which is not installed here.",
            hint: "Install it, or uv, which fetches it; then deploy the version again.")
    }

    private func run(_ program: String, _ arguments: [String]) throws {
        let run = try ProgramRun(program, arguments, keepsErrors: true)
        guard run.isSuccess else {
            let lines = String(decoding: run.output, as: UTF8.self).split(separator: "\n").suffix(5).map(String.init)
            throw Refusal(
                .environmentMissing, .unavailable, "The environment of this model cannot be installed.",
                hint: "See what the installer says below; pack the model with versions that can be had as wheels.",
                details: lines.enumerated().map { .init("installer \($0.offset + 1)", $0.element) })
        }
    }
}
