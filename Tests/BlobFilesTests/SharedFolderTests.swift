// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain
import ModelExecution
import PortContracts
import TestSupport
import Testing

@testable import BlobFiles

/// Several that use one folder at the same time. Locks belong to open files, so that two stores of one process are to each
/// other what two processes are.
struct SharedFolderTests {
    private let bundle = Digest(of: [0])

    @Test func whoStartsLeavesAloneWhatOthersWrite() async throws {
        try await withTwoStores { one, other, folder async throws in
            let (chunks, sender) = AsyncThrowingStream<[UInt8], any Error>.makeStream()
            sender.yield([1])
            let writing = Task { try await one.keep(chunks) }
            while try unfinished(in: folder).isEmpty { try await Task.sleep(for: .milliseconds(1)) }
            _ = try BlobFiles(folder: folder)
            sender.yield([2])
            sender.finish()
            let (digest, _) = try await writing.value
            #expect(try await other.read(digest, limit: 2) == [1, 2])
        }
    }

    /// Another program holds the lock, as a process does that lives, and is killed.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: flockPath)))
    func whatAProcessWasWritingIsSweptOnceItIsDead() async throws {
        try await withTwoStores { _, _, folder async throws in
            let place = "\(folder)/unfinished/another"
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
            try Data([1]).write(to: URL(filePath: "\(place)/half"))
            try await whileLocked("\(place)/lock") {
                _ = try BlobFiles(folder: folder)
                #expect(FileManager.default.fileExists(atPath: "\(place)/half"))
            }
            _ = try BlobFiles(folder: folder)
            #expect(!FileManager.default.fileExists(atPath: place))
        }
    }

    @Test func whatOneWasWritingGoesWithIt() async throws {
        try await withTwoStores { _, _, folder async throws in
            let before = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/unfinished").count
            _ = try await BlobFiles(folder: folder).keep(pieces([[1]]))
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/unfinished").count == before)
        }
    }

    /// While another program keeps something, nothing is taken away; and while it takes something away, nobody is told that
    /// it is there.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: flockPath)))
    func takingAwayWaitsForThoseWhoKeepAndTheOtherWayRound() async throws {
        try await withTwoStores { one, _, folder async throws in
            let content = try await keep([1, 2], in: one)
            let later = Timestamp(microseconds: one.now().microseconds + 1)
            let taking = try await whileLocked("\(folder)/lock", "--shared") {
                #expect(try await one.contains(content))
                let taking = Task { try await one.discard(content, unusedSince: later, at: later) }
                try await Task.sleep(for: .milliseconds(50))
                #expect(try await one.trash().isEmpty)
                return taking
            }
            #expect(try await taking.value)
            let asking = try await whileLocked("\(folder)/lock", "--exclusive") {
                let asking = Task { try await one.contains(content) }
                try await Task.sleep(for: .milliseconds(50))
                #expect(try await one.trash().count == 1)
                return asking
            }
            #expect(try await asking.value)
            #expect(try await one.trash().isEmpty)
        }
    }

    /// What somebody was told is there is not taken away by who looked at it before.
    @Test func whatWasAskedAboutStaysWhoeverClearsAway() async throws {
        let hour: Int64 = 3_600_000_000
        let start = Timestamp(microseconds: 1_700_000_000_000_000)
        let now = Timestamp(microseconds: start.microseconds + hour)
        try await withTemporaryFolder { parent async throws in
            let folder = "\(parent)/contents"
            let early = try BlobFiles(folder: folder, now: { start })
            let asking = try BlobFiles(folder: folder, now: { now })
            let clearing = try BlobFiles(folder: folder, now: { now })
            for round in 0..<200 {
                let content = try await keep(Array("\(round)".utf8), in: early)
                async let isMoved = clearing.discard(content, unusedSince: start, at: now)
                async let isPut = keep(Array("\(round)".utf8), in: asking)
                #expect(try await asking.contains(content))
                _ = try await (isMoved, isPut)
                // Whichever was first.
                #expect(plainFileSize(clearing.blobPath(content)) != nil)
            }
        }
    }

    @Test func theTrashIsTakenFromAndEmptiedByOneAtATime() async throws {
        let start = Timestamp(microseconds: 1_700_000_000_000_000)
        let later = Timestamp(microseconds: start.microseconds + 1)
        try await withTemporaryFolder { parent async throws in
            let stores = try (0..<2).map { _ in try BlobFiles(folder: "\(parent)/contents", now: { start }) }
            for round in 0..<200 {
                let content = try await keep(Array("\(round)".utf8), in: stores[0])
                #expect(try await stores[0].discard(content, unusedSince: start, at: start))
                async let isDestroyed = stores[0].destroy(content, discardedBefore: later)
                async let isThere = stores[1].contains(content)
                #expect(try await isDestroyed != isThere)
                #expect(try await stores[0].contains(content) == isThere)
            }
        }
    }

    @Test func severalLayOutTheSameBundleOverABrokenOne() async throws {
        try await withTwoStores { one, other, folder async throws in
            let files = try await [keepFile("a", [1, 2], in: one), keepFile("deep/b", [3], in: one)]
            for _ in 0..<50 {
                let target = try one.materialize(files, as: bundle)
                try FileManager.default.removeItem(atPath: "\(target)/deep")
                try await withThrowingTaskGroup { group in
                    for index in 0..<6 {
                        group.addTask {
                            let target = try (index % 2 == 0 ? one : other).materialize(files, as: bundle)
                            // Once it was there, it is not taken away again.
                            #expect(try Data(contentsOf: URL(filePath: "\(target)/deep/b")) == Data([3]))
                        }
                    }
                    try await group.waitForAll()
                }
            }
            #expect(try unfinished(in: folder).isEmpty)
        }
    }

    @Test func aBundleThatSomebodyIsAboutToOpenIsNotClearedAway() async throws {
        let start = Timestamp(microseconds: 1_700_000_000_000_000)
        let now = Timestamp(microseconds: start.microseconds + 3_600_000_000)
        try await withTemporaryFolder { parent async throws in
            let early = try BlobFiles(folder: "\(parent)/contents", now: { start })
            let other = try BlobFiles(folder: "\(parent)/contents", now: { now })
            let file = try await keepFile("a", [1], in: early)
            _ = try early.materialize([file], as: bundle)
            let target = try other.materialize([file], as: bundle)
            #expect(try await early.removeBundleFolders(except: [], unusedSince: start) == 0)
            #expect(FileManager.default.fileExists(atPath: "\(target)/a"))
            #expect(try await early.removeBundleFolders(except: [bundle], unusedSince: now) == 0)
            #expect(try await early.removeBundleFolders(except: [], unusedSince: now) == 1)
            #expect(!FileManager.default.fileExists(atPath: target))
        }
    }

    /// Whoever found it changed may be late: it was sent again meanwhile.
    @Test func aContentThatWasMendedIsNotSetAside() async throws {
        try await withTwoStores { one, other, folder async throws in
            let content = try await keep([1, 2], in: one)
            let path = "\(folder)/blobs/\(content.hex.prefix(2))/\(content.hex)"
            try Data([1, 3]).write(to: URL(filePath: path))
            let changed = try #require(try OpenFile(content: path))
            _ = try await keep([1, 2], in: other)
            one.setAside(content, changed)
            #expect(try await other.read(content, limit: 2) == [1, 2])
            try Data([1, 3]).write(to: URL(filePath: path))
            one.setAside(content, try #require(try OpenFile(content: path)))
            #expect(try await !other.contains(content))
        }
    }

    @Test func aPlaceWithoutLocksIsExplained() {
        let failure = FileFailure(reason: .noLocks, operation: "flock", path: "/x", systemError: 37)
        #expect(failure.explanation.code == .notWritable)
        #expect(failure.explanation.message.contains("cannot be locked"))
    }

    private func withTwoStores(_ body: (BlobFiles, BlobFiles, String) async throws -> Void) async throws {
        try await withTemporaryFolder { parent async throws in
            let folder = "\(parent)/contents"
            try await body(BlobFiles(folder: folder), BlobFiles(folder: folder), folder)
        }
    }
}

let flockPath = "/usr/bin/flock"

/// Runs `body` while another program has `path` locked, which is killed then.
func whileLocked<Result>(
    _ path: String, _ kind: String = "--exclusive", _ body: () async throws -> Result
) async throws -> Result {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: flockPath)
    process.arguments = [kind, "--no-fork", path, "sh", "-c", "echo locked; exec sleep 600"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    defer {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
    _ = output.fileHandleForReading.availableData
    return try await body()
}

/// What is being written, below the folders of those who write.
func unfinished(in folder: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: "\(folder)/unfinished").filter {
        $0.contains("/") && !$0.hasSuffix("/lock")
    }
}
