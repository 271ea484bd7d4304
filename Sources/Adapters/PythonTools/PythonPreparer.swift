// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain
package import ModelExecution
package import ModelPackaging
internal import Tensors

/// Runs `slipway.prepare` by the interpreter that has what the model needs, confined.
package struct PythonPreparer: ModelPreparer {
    /// How long a model may take to be loaded, recorded and converted.
    private static let limitSeconds = 900.0

    private let interpreter: PythonInterpreter
    private let environments: PythonEnvironments
    private let confinement: any ProcessConfinement
    /// Gives a new folder, and a view of it for the packager.
    private let stage: @Sendable () throws -> (path: String, folder: any ProjectFolder)
    /// Makes the environment that was locked available, before the prepared model is run in it.
    private let provide: @Sendable (_ lock: ModelFile) throws -> Void

    package init(
        interpreter: PythonInterpreter, environments: PythonEnvironments, confinement: any ProcessConfinement,
        stage: @escaping @Sendable () throws -> (path: String, folder: any ProjectFolder),
        provide: @escaping @Sendable (_ lock: ModelFile) throws -> Void
    ) {
        self.interpreter = interpreter
        self.environments = environments
        self.confinement = confinement
        self.stage = stage
        self.provide = provide
    }

    package func prepare(
        _ request: PreparationRequest, progress: @Sendable (String) -> Void
    ) throws -> PreparedModel {
        let (path, folder) = try stage()
        let request = try handedOver(request, in: path)
        defer { try? FileManager.default.removeItem(atPath: "\(path)/given") }
        let asked = "\(path)/request.json"
        try Data(json(of: request, out: path).canonical).write(to: URL(fileURLWithPath: asked))
        progress("opening \(lastPart(of: request.source)) with Python \(interpreter.version), in a process apart")
        let program = try environments.program(of: interpreter, module: "slipway.prepare", arguments: [asked])
        // The descriptor of a notebook names files beside it.
        let recorded = request.recorded.map { URL(fileURLWithPath: $0).deletingLastPathComponent().path }
        let named = [request.source, request.rows, request.baseline, request.code, recorded]
        let readable = named.compactMap(\.self).filter { $0.hasPrefix("/") }
        let launch = try confinement.launch(
            ConfinedProgram(
                program: program.program, arguments: program.arguments, environment: program.environment,
                readable: program.readable + readable, writable: [path],
                memoryBytes: 4 * ConfinedProgram.standardMemoryBytes))
        let ending = try run(launch)
        // By the folder, which follows no links.
        guard let report = try? folder.read("report.json", limit: 64 << 20) else {
            throw Refusal(
                .modelRefused, .invalidInput, "The process that was to open the model \(ending.how).",
                hint: "See below what it printed.",
                details: ending.lastLines.enumerated().map { .init("line \($0.offset + 1)", $0.element) })
        }
        if let failure = PreparedReport.failure(report) { throw failure }
        let prepared = try PreparedReport(report)
        makeReadable(path)
        let lock = "environment.json"
        if prepared.workerFiles.contains(lock) { try provide(try folder.modelFile(lock)) }
        return PreparedModel(report: prepared, folder: folder)
    }

    /// The same request about copies that the confined process can read: as root it is a user of its own, and a project
    /// may be its owner's alone.
    private func handedOver(_ request: PreparationRequest, in folder: String) throws -> PreparationRequest {
        guard geteuid() == 0 else { return request }
        let given = "\(folder)/given"
        // They are copied by themselves; and the folder that this is copied into may lie in the project.
        let apart = Set([request.rows, request.baseline].compactMap { $0.flatMap(FileIdentity.init) })
            .union(ancestors(of: folder).compactMap(FileIdentity.init))
        var copies: [String: String] = [:]
        func copy(_ path: String) throws -> String {
            guard path.hasPrefix("/") else { return path }
            if let copy = copies[path] { return copy }
            let place = "\(given)/\(copies.count)"
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            let target = "\(place)/\(lastPart(of: path))"
            try copyPlain(path, to: target, except: apart)
            copies[path] = target
            return target
        }
        var request = request
        request.source = try copy(request.source)
        request.rows = try request.rows.map(copy)
        request.baseline = try request.baseline.map(copy)
        request.code = try request.code.map(copy)
        request.recorded = try request.recorded.map(copy)
        makeReadable(given)
        return request
    }

    private func json(of request: PreparationRequest, out: String) -> JSONValue {
        let text = { (value: String?) in value.map(JSONValue.string) ?? .null }
        return .record([
            ("schema", .string("slipway.prepare/1")), ("source", .string(request.source)),
            ("rows", text(request.rows)), ("target", text(request.target)), ("recorded", text(request.recorded)),
            ("baseline", text(request.baseline)), ("loader", .null), ("code", text(request.code)),
            ("convert", .bool(request.converts)), ("edge_rows", .integer(200)), ("seed", .integer(0)),
            ("platform", .string("linux_\(machine)")), ("out", .string(out)),
        ])
    }

    private struct Ending {
        let how: String
        let lastLines: [String]
    }

    private func run(_ launch: ProcessLaunch) throws -> Ending {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: launch.executable)
        process.arguments = launch.arguments
        process.environment = launch.environment
        let output = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let identifier = process.processIdentifier
        let watch = DispatchWorkItem { kill(identifier, SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.limitSeconds, execute: watch)
        var tail: [UInt8] = []
        while case let piece = output.fileHandleForReading.availableData, !piece.isEmpty {
            tail = (tail + piece).suffix(4096)
        }
        process.waitUntilExit()
        watch.cancel()
        let lines = String(decoding: tail, as: UTF8.self).split(separator: "\n").suffix(8).map(String.init)
        let status = process.terminationStatus
        let how =
            process.terminationReason == .uncaughtSignal
            ? "was ended by signal \(status)" : "ended with status \(status) and left no report"
        return Ending(how: how, lastLines: lines)
    }
}

/// One file or folder, whatever it is called.
private struct FileIdentity: Hashable {
    let device: dev_t
    let node: ino_t

    init(_ status: stat) {
        device = status.st_dev
        node = status.st_ino
    }

    init?(_ path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        self.init(status)
    }
}

/// The folder and all that it lies in.
private func ancestors(of folder: String) -> [String] {
    var all = [folder]
    while let last = all.last, last.count > 1 {
        all.append(URL(fileURLWithPath: last).deletingLastPathComponent().path)
    }
    return all
}

/// Copies files and folders, and links as they are. What is neither has no content, and reading it may never end.
///
/// - Parameter except: What is left out of folders.
private func copyPlain(
    _ path: String, to target: String, except: Set<FileIdentity>, isNamed: Bool = true
) throws {
    var status = stat()
    guard unsafe (isNamed ? stat(path, &status) : lstat(path, &status)) == 0,
        isNamed || !except.contains(FileIdentity(status))
    else { return }
    switch status.st_mode & S_IFMT {
    case S_IFDIR:
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        for name in try FileManager.default.contentsOfDirectory(atPath: path) {
            try copyPlain("\(path)/\(name)", to: "\(target)/\(name)", except: except, isNamed: false)
        }
    case S_IFREG:
        let real = isNamed ? URL(fileURLWithPath: path).resolvingSymlinksInPath().path : path
        try FileManager.default.copyItem(atPath: real, toPath: target)
    case S_IFLNK: try FileManager.default.copyItem(atPath: path, toPath: target)
    default:
        guard isNamed else { return }
        throw Refusal(
            .fileMissing, .invalidInput, "“\(lastPart(of: path))” is no regular file.",
            hint: "Name a file with contents.")
    }
}

/// What one confined process wrote, under a user of its own, another one has to read. The folder above is ours alone.
///
/// Links are left as they are: whoever wrote them may want them followed.
private func makeReadable(_ folder: String) {
    unsafe chmod(folder, 0o755)
    for path in (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? [] {
        let whole = "\(folder)/\(path)"
        var status = stat()
        guard unsafe lstat(whole, &status) == 0 else { continue }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: unsafe chmod(whole, 0o755)
        case S_IFREG where status.st_nlink == 1: unsafe chmod(whole, 0o644)
        default: break
        }
    }
}

private func lastPart(of path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

private var machine: String {
    #if arch(arm64)
        "aarch64"
    #else
        "x86_64"
    #endif
}
