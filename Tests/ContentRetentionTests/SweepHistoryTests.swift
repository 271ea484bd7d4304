// SPDX-License-Identifier: Apache-2.0
import BlobFiles
import ContentRetention
import ExperimentTracking
import Foundation
import ModelDomain
import ModelExecution
import ModelRegistry
import TestSupport
import Testing

/// Histories of any kind, with sweeps at any moment: nothing that is needed ever goes, and all that is not and is old does.
struct SweepHistoryTests {
    private static let rounds = ProcessInfo.processInfo.environment["SLIPWAY_SOAK"] == nil ? 12 : 300

    @Test(arguments: 0..<rounds)
    func nothingThatIsNeededGoesAndAllElseDoes(_ round: Int) async throws {
        let seed = ProcessInfo.processInfo.environment["SLIPWAY_SEED"].flatMap { UInt64($0) } ?? 0
        try await withTemporaryFolder { folder async throws in
            var history = try await History(in: folder, seed: seed &+ UInt64(round))
            for _ in 0..<60 { try await history.step() }
            history.platform.clock.advance(days: 400)
            try await history.sweep()
        }
    }
}

/// A platform beside what is known of it, in other words than the platform's own.
private struct History {
    let platform: KeptPlatform
    private var generator: SeededGenerator
    private var runs: [RunID: Run] = [:]
    private var versions: [Int: Version] = [:]
    /// When each content was last put or asked about.
    private var used: [Digest: Timestamp] = [:]
    private var trashed: [Digest: Timestamp] = [:]
    /// What entries of the ledger name, and when they were written.
    private var evidence: [(Digest, Timestamp)] = []
    private var held: [(Set<Digest>, Timestamp)] = []
    private var deployed: Set<Int> = []
    private var counter = 0

    private struct Run {
        var deletedAt: Timestamp?
        var files: [String: Digest] = [:]
    }

    private struct Version {
        var deletedAt: Timestamp?
        var contents: Set<Digest>
        var run: RunID?
    }

    init(in folder: String, seed: UInt64) async throws {
        platform = try await KeptPlatform(in: folder)
        generator = SeededGenerator(seed: seed)
    }

    private var now: Timestamp { platform.clock.now }
    private func days(_ count: Int64, before time: Timestamp) -> Timestamp {
        Timestamp(microseconds: time.microseconds - count * 86_400_000_000)
    }

    /// Few of them, so that the same content is in use for several reasons.
    private mutating func anyText() -> String { "content \(Int.random(in: 0..<25, using: &generator))" }

    mutating func step() async throws {
        switch Int.random(in: 0..<14, using: &generator) {
        case 0: note(try await platform.put(anyText()))
        case 1, 2:
            let run = try await platform.tracking.startRun(
                in: .standard, name: nil, user: "", startedAt: nil, tags: []
            ).info.id
            runs[run] = Run()
        case 3, 4: try await logFile()
        case 5: try await deleteOrRestoreRun()
        case 6: try await registerVersion()
        case 7: try await removeVersion()
        case 8: try await deploy()
        case 9: try await ask()
        case 10: try await hold()
        case 11: try await registerFromRun()
        case 12: platform.clock.advance(days: .random(in: 0.1...20, using: &generator))
        default: try await sweep()
        }
    }

    private mutating func note(_ digest: Digest) {
        used[digest] = now
        // A copy that lies in the trash goes on to lie there, unless it was asked for.
    }

    private mutating func logFile() async throws {
        guard
            let run = runs.filter({ $0.value.deletedAt == nil }).keys.sorted(by: { $0.text < $1.text })
                .randomElement(using: &generator)
        else { return }
        let name = "f\(Int.random(in: 0..<4, using: &generator))"
        let content = try await platform.log(anyText(), as: name, in: run)
        note(content)
        runs[run]?.files[name] = content
    }

    private mutating func deleteOrRestoreRun() async throws {
        guard let run = runs.keys.sorted(by: { $0.text < $1.text }).randomElement(using: &generator) else { return }
        let isDeleted = runs[run]?.deletedAt != nil
        try await platform.tracking.setDeleted(!isDeleted, run)
        let time = now
        runs[run]?.deletedAt = isDeleted ? nil : time
    }

    private mutating func registerVersion() async throws {
        counter += 1
        let (version, contents) = try await platform.register([anyText(), "only of \(counter)"])
        for content in contents { note(content) }
        versions[version.number] = Version(contents: contents)
        version.bundle.map { evidence.append(($0, now)) }
    }

    /// A version that is not packed yet, whose files are those of a run.
    private mutating func registerFromRun() async throws {
        guard
            let run = runs.filter({ $0.value.deletedAt == nil }).keys.sorted(by: { $0.text < $1.text })
                .randomElement(using: &generator)
        else { return }
        _ = try? await platform.registrations.makeModel(churn, description: nil, tags: [], by: "alice")
        let record = try await platform.registrations.registerVersion(
            of: churn, Registration(source: "runs:/\(run)/model", run: Bool.random(using: &generator) ? run.text : nil),
            description: nil, tags: [], by: "alice")
        versions[record.version.number] = Version(contents: [], run: run)
    }

    private mutating func removeVersion() async throws {
        let there = versions.filter { $0.value.deletedAt == nil && !deployed.contains($0.key) }.keys.sorted()
        guard let number = there.randomElement(using: &generator) else { return }
        try await platform.registrations.removeVersion(number, of: churn, by: "alice")
        let time = now
        versions[number]?.deletedAt = time
    }

    private mutating func deploy() async throws {
        let there = versions.filter { $0.value.deletedAt == nil && !$0.value.contents.isEmpty }.keys.sorted()
        guard let number = there.randomElement(using: &generator) else { return }
        _ = try await platform.registry.recordDeployment(
            to: name("churn"), model: churn, version: number, by: "alice", reason: nil)
        deployed.insert(number)
    }

    /// What is asked for comes back from the trash.
    private mutating func ask() async throws {
        guard let digest = used.keys.sorted().randomElement(using: &generator) else { return }
        let isKnown = try await platform.present().contains(digest) || trashed[digest] != nil
        #expect(try await platform.blobs.contains(digest) == isKnown)
        guard isKnown else { return }
        trashed[digest] = nil
        note(digest)
    }

    private mutating func hold() async throws {
        let some = Set(used.keys.sorted().filter { _ in Bool.random(using: &generator) })
        let end = Timestamp(
            microseconds: now.microseconds + Int64.random(in: 1...20, using: &generator) * 86_400_000_000)
        counter += 1
        try await platform.blobs.hold(some, as: "lease \(counter)", until: end)
        held.append((some, end))
    }

    mutating func sweep() async throws {
        let before = try await platform.trashed()
        let presentBefore = try await platform.present()
        let planned = try await platform.keeper.plan()
        let sweep = try await platform.keeper.sweep(by: "alice")
        #expect(planned.unnamed == sweep.unnamed && planned.ofDeleted == sweep.ofDeleted)
        #expect(planned.destroyed == sweep.destroyed && planned.expiry.summary == sweep.expiry.summary)
        let limit = days(30, before: now)
        for (number, version) in versions where version.deletedAt.map({ $0 < limit }) ?? false {
            versions[number] = nil
        }
        let named = Set(versions.values.compactMap(\.run))
        for (run, state) in runs where state.deletedAt.map({ $0 < limit }) ?? false && !named.contains(run) {
            runs[run] = nil
        }
        var needed = Set(versions.values.flatMap(\.contents)).union(runs.values.flatMap(\.files.values))
        for (digest, time) in evidence where time >= days(10, before: now) { needed.insert(digest) }
        for (contents, end) in held where end > now { needed.formUnion(contents) }
        if let list = sweep.list {
            evidence.append((list, now))
            used[list] = now
            needed.insert(list)
        }
        let present = try await platform.present()
        let inTrash = try await platform.trashed()
        // What comes back is as good as put anew.
        for digest in before where needed.contains(digest) && present.contains(digest) { used[digest] = now }
        for digest in used.keys {
            let isOld = used[digest].map { $0 <= days(1, before: now) } ?? true
            if needed.contains(digest) {
                // What was destroyed before somebody needed it is no loss of the sweep's.
                guard wasThere(digest) else { continue }
                #expect(present.contains(digest), "a content that is needed went")
            } else if isOld {
                #expect(!present.contains(digest), "a content that nothing needs stays")
            } else {
                #expect(present.contains(digest) || trashed[digest] != nil || !wasThere(digest))
            }
        }
        // Nothing that a run or a version which is there needs was ever destroyed.
        for digest in Set(versions.values.flatMap(\.contents)).union(runs.values.flatMap(\.files.values)) {
            #expect(present.contains(digest))
        }
        for digest in inTrash {
            // A copy that comes later takes the place of the one before.
            let isNew = presentBefore.contains(digest) && !present.contains(digest)
            let since = isNew ? now : trashed[digest] ?? now
            #expect(since >= days(30, before: now), "the trash is kept too long")
            trashed[digest] = since
        }
        for digest in trashed.keys where !inTrash.contains(digest) {
            if !present.contains(digest) { gone.insert(digest) }
            trashed[digest] = nil
        }
        gone.subtract(present)
    }

    private var gone: Set<Digest> = []
    private func wasThere(_ digest: Digest) -> Bool { !gone.contains(digest) }
}
