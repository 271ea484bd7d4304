// SPDX-License-Identifier: Apache-2.0
import CommandLineInterface
import Foundation
import Logging
import ModelDomain
import Synchronization

/// The server's log: JSON lines in a file that is rotated once it is large, and on standard error as well, as JSON or as a
/// person reads them, unless the server runs in the background.
///
/// A full disk loses log lines and nothing else.
final class LogFile: Sendable {
    /// Set for servers that nobody watches.
    static let backgroundVariable = "SLIPWAY_BACKGROUND"
    private static let rotateAfter = 16 << 20
    private let isWatched = ProcessInfo.processInfo.environment[backgroundVariable] == nil
    private let isForPeople: Bool
    private let path: String
    private let state: Mutex<State>
    private let listener = Mutex<(@Sendable (LogLine) -> Void)?>(nil)

    private struct State {
        var handle: FileHandle?
        var byteCount: Int
        var lostLines = 0

        func write(_ bytes: Data) -> Bool {
            guard let handle else { return false }
            return (try? handle.write(contentsOf: bytes)) != nil
        }
    }

    /// - Parameter format: Of standard error.
    init(path: String, format: LogFormat = .auto) {
        self.path = path
        isForPeople = format == .text || (format == .auto && isatty(STDERR_FILENO) == 1)
        state = Mutex(Self.open(path))
    }

    /// Lines that could not be written.
    var lostLines: Int { state.withLock(\.lostLines) }

    /// Has `body` hear of every line from now on.
    func forward(to body: @escaping @Sendable (LogLine) -> Void) { listener.withLock { $0 = body } }

    func append(_ line: LogLine) {
        listener.withLock(\.self)?(line)
        let bytes = Data("\(line.json)\n".utf8)
        state.withLock { state in
            if state.byteCount > Self.rotateAfter {
                unsafe rename(path, "\(path).1")
                let lostLines = state.lostLines
                state = Self.open(path)
                state.lostLines = lostLines
            }
            if state.write(bytes) { state.byteCount += bytes.count } else { state.lostLines += 1 }
        }
        guard isWatched else { return }
        try? FileHandle.standardError.write(contentsOf: isForPeople ? Data("\(line.text)\n".utf8) : bytes)
    }

    /// The newest lines, oldest first.
    static func lines(of path: String, count: Int) -> [String] {
        guard let handle = FileHandle(forReadingAtPath: path), let end = try? handle.seekToEnd() else { return [] }
        let window = UInt64(max(1, count) * 2048)
        try? handle.seek(toOffset: end > window ? end - window : 0)
        let text = String(decoding: (try? handle.readToEnd()) ?? Data(), as: UTF8.self)
        let lines = text.split(separator: "\n").map(String.init)
        // The first line of a window that starts inside the file may be half a line.
        return (end > window ? lines.dropFirst() : lines[...]).suffix(count)
    }

    private static func open(_ path: String) -> State {
        let descriptor = unsafe Foundation.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return State(handle: nil, byteCount: 0) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        return State(handle: handle, byteCount: Int((try? handle.seekToEnd()) ?? 0))
    }
}

/// swift-log's way into the log file.
struct FileLogHandler: LogHandler {
    let label: String
    let file: LogFile
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        file.append(
            LogLine(
                time: .now, level: event.level, logger: label, message: event.message.description,
                facts: metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 })))
    }
}

extension LogLevel {
    var level: Logger.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        }
    }
}

extension Timestamp {
    static var now: Timestamp { Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)) }
}
