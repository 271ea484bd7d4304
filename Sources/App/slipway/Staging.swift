// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain
import ModelExecution
import ModelPackaging
import ProjectFiles
import Synchronization

/// A folder that goes away with the last one who needs its files.
final class Staging: Sendable {
    let path: String

    init(in parent: String) throws {
        path = "\(parent)/\(UUID().uuidString.lowercased())"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        Abandonment.remember(path)
    }

    deinit {
        removeForGood(path)
        Abandonment.forget(path)
    }
}

/// What is done when a person gives a command up: processes that it started end first, then what they wrote goes.
enum Abandonment {
    private static let folders = Mutex<Set<String>>([])
    private static let watch = SignalWatch { end(by: $0) }
    private static let begun = Mutex(false)

    /// Whether signals are looked out for. Who sets them to be ignored after that silences this.
    static var isWatching: Bool { begun.withLock(\.self) }

    /// `@unchecked Sendable`: the sources are only kept.
    private final class SignalWatch: @unchecked Sendable {
        private let sources: [any DispatchSourceSignal]

        init(_ handler: @escaping @Sendable (Int32) -> Never) {
            sources = [SIGINT, SIGTERM, SIGHUP].map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global(qos: .userInitiated))
                source.setEventHandler { handler(number) }
                source.resume()
                return source
            }
        }
    }

    static func remember(_ folder: String) {
        _ = watch
        begun.withLock { $0 = true }
        _ = folders.withLock { $0.insert(folder) }
    }

    /// A folder that goes too, should anything be abandoned; by itself it is no reason to end this process by a signal.
    static func takeAlong(_ folder: String) { _ = folders.withLock { $0.insert(folder) } }

    static func forget(_ folder: String) { _ = folders.withLock { $0.remove(folder) } }

    private static func end(by number: Int32) -> Never {
        // Whoever sees its child end may want to keep what there is for a look at the failure: this is none.
        let doomed = folders.withLock(\.self)
        // Asked first: a sandbox takes along what is in it. One that still writes keeps its folder from being removed.
        for signal in [SIGTERM, SIGKILL] {
            for child in children() { kill(child, signal) }
            for _ in 0..<200 where !children().isEmpty { usleep(10_000) }
        }
        for folder in doomed.union(folders.withLock(\.self)) { removeForGood(folder) }
        signal(number, SIG_DFL)
        raise(number)
        exit(128 + number)
    }

    /// Processes of ours that run; those that ended and wait to be asked how do not count.
    private static func children() -> [pid_t] {
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        return threads.flatMap { thread in
            let list = (try? String(contentsOfFile: "/proc/self/task/\(thread)/children", encoding: .utf8)) ?? ""
            return list.split(separator: " ").compactMap { pid_t($0) }
        }.filter { child in
            let status = (try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8)) ?? ""
            return !(status.split(separator: ")").last?.hasPrefix(" Z") ?? true)
        }
    }
}

/// Removes a folder, also while somebody else writes into it, or removes it as well: half a second long.
func removeForGood(_ folder: String) {
    for _ in 0..<50 where FileManager.default.fileExists(atPath: folder) {
        do { try FileManager.default.removeItem(atPath: folder) } catch { usleep(10_000) }
    }
}

/// The files of a staging folder, which stay for as long as somebody may read them.
struct StagedFolder: ProjectFolder {
    let staging: Staging
    let files: ConfinedFolder

    var name: String { files.name }
    func fileNames() throws -> [String] { try files.fileNames() }
    func fileNames(below folder: String) throws -> [String] { try files.fileNames(below: folder) }
    func contains(_ path: String) throws -> Bool { try files.contains(path) }
    func read(_ path: String, limit: Int) throws -> [UInt8] { try files.read(path, limit: limit) }
    func pieces(of path: String) throws -> @Sendable () throws -> [UInt8]? { try files.pieces(of: path) }
    func describe(_ path: String) throws -> BundleFile { try files.describe(path) }
    func modelFile(_ path: String) throws -> ModelFile { try files.modelFile(path) }
    func place(_ path: String) throws -> String { try files.place(path) }
    func create(_ path: String, _ content: [UInt8]) throws { try files.create(path, content) }
    func commit(leavingOut data: [String]) -> SourceCommit? { files.commit(leavingOut: data) }

    /// Writes a file as its pieces come in, whatever its size.
    ///
    /// - Parameter path: Below the folder; the caller has seen that it stays inside.
    /// - Throws: `SYS-002` when it cannot be written.
    func receive(
        _ path: String, _ pieces: (_ write: ([UInt8]) throws -> Void) async throws -> Void
    ) async throws {
        let place = "\(staging.path)/\(path)"
        let parent = URL(fileURLWithPath: place).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
        guard FileManager.default.createFile(atPath: place, contents: nil),
            let file = FileHandle(forWritingAtPath: place)
        else {
            throw Refusal(.notWritable, .unavailable, "“\(path)” cannot be written.", hint: "Check the data folder.")
        }
        defer { try? file.close() }
        try await pieces { try file.write(contentsOf: $0) }
    }
}
