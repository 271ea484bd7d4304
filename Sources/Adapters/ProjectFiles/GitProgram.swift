// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// Git, run as a program that obeys nothing which a repository brings along: no hooks, filters, pagers, helpers, and no
/// network. What the user has set for all repositories holds, as what to ignore.
struct GitProgram {
    /// It did not do what was asked, and said why.
    struct Failure: Error {
        let message: String
        var isNoRepository: Bool { message.contains("not a git repository") }
        /// Git itself is not there.
        var isMissing: Bool { message.isEmpty }
    }

    private let folder: String
    private var variables: [String: String]
    private var settings: [(key: String, value: String)] = [
        ("core.fsmonitor", "false"), ("core.hooksPath", "/dev/null"), ("core.untrackedCache", "false"),
        ("core.splitIndex", "false"), ("core.autocrlf", "false"), ("core.safecrlf", "false"),
        ("core.pager", "cat"), ("advice.addEmbeddedRepo", "false"), ("apply.whitespace", "nowarn"),
    ]

    /// - Parameter folder: Where it is run.
    init(in folder: String) {
        self.folder = folder
        let own = ProcessInfo.processInfo.environment
        variables = own.filter { ["PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "USER"].contains($0.key) }
        variables.merge([
            "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1",
            "GIT_ALLOW_PROTOCOL": "none", "GIT_PAGER": "cat", "GIT_LITERAL_PATHSPECS": "0",
        ]) { $1 }
    }

    /// The same in a repository, whose filters are not run: contents are taken as they are.
    func inRepository(_ top: String) throws -> GitProgram {
        var git = GitProgram(in: top)
        let names = try? text(["config", "--name-only", "-z", "--get-regexp", #"^filter\..*\.(clean|smudge|process)$"#])
        for name in (names ?? "").split(separator: "\0") {
            git.settings.append((String(name), ""))
            let driver = name.split(separator: ".").dropLast().joined(separator: ".")
            git.settings.append(("\(driver).required", "false"))
        }
        return git
    }

    func with(_ more: [String: String]) -> GitProgram {
        var git = self
        git.variables.merge(more) { $1 }
        return git
    }

    /// What it prints, without the line's end.
    func text(_ arguments: [String]) throws -> String {
        var bytes = try output(arguments)
        if bytes.last == 0x0A { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    func output(_ arguments: [String]) throws -> [UInt8] {
        let pipe = Pipe()
        let (process, errors) = try start(arguments, input: nil, output: pipe.fileHandleForWriting)
        try? pipe.fileHandleForWriting.close()
        let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
        try finish(process, errors)
        return [UInt8](bytes)
    }

    /// Has it read and write files.
    func run(_ arguments: [String], input: String? = nil, output: String) throws {
        guard FileManager.default.createFile(atPath: output, contents: nil, attributes: [.posixPermissions: 0o600]),
            let file = FileHandle(forWritingAtPath: output)
        else { throw writingFailed(output, errno) }
        defer { try? file.close() }
        let (process, errors) = try start(arguments, input: input, output: file)
        try finish(process, errors)
    }

    private func start(
        _ arguments: [String], input: String?, output: FileHandle
    ) throws -> (process: Process, errors: FileHandle) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git", "--no-pager", "-C", folder] + arguments
        var environment = variables
        environment["GIT_CONFIG_COUNT"] = String(settings.count)
        for (index, setting) in settings.enumerated() {
            environment["GIT_CONFIG_KEY_\(index)"] = setting.key
            environment["GIT_CONFIG_VALUE_\(index)"] = setting.value
        }
        process.environment = environment
        process.standardInput = input.flatMap { FileHandle(forReadingAtPath: $0) } ?? FileHandle.nullDevice
        process.standardOutput = output
        // A file: nobody reads a pipe while the output is read.
        let place = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: place) }
        guard FileManager.default.createFile(atPath: place.path, contents: nil),
            let errors = FileHandle(forUpdatingAtPath: place.path)
        else { throw writingFailed(place.path, errno) }
        process.standardError = errors
        guard (try? process.run()) != nil else { throw Failure(message: "") }
        return (process, errors)
    }

    private func finish(_ process: Process, _ errors: FileHandle) throws {
        process.waitUntilExit()
        defer { try? errors.close() }
        guard process.terminationStatus != 0 else { return }
        // What `env` says of a program that is not there.
        guard process.terminationStatus != 127 else { throw Failure(message: "") }
        try? errors.seek(toOffset: 0)
        let said = (try? errors.read(upToCount: 1 << 16)) ?? Data()
        let lines = String(decoding: said, as: UTF8.self).split(separator: "\n")
        let line = lines.first { $0.hasPrefix("fatal:") || $0.hasPrefix("error:") } ?? lines.last ?? "it failed"
        throw Failure(message: String(line.prefix(300)))
    }
}
