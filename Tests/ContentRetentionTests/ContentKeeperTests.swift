// SPDX-License-Identifier: Apache-2.0
import BlobFiles
import ContentRetention
import ExperimentTracking
import Foundation
import ModelDomain
import ModelExecution
import ModelRegistry
import PortContracts
import StoreSQL
import TestSupport
import Testing

struct ContentKeeperTests {
    @Test func whatNothingNamesGoesToTheTrashAndThenForGood() async throws {
        try await withPlatform { platform in
            let content = try await platform.put("an upload that failed later")
            #expect(try await platform.keeper.plan().young.count == 1)
            platform.clock.advance(days: 2)
            let plan = try await platform.keeper.plan()
            #expect(!plan.isApplied && plan.unnamed.count == 1 && plan.unnamed.byteCount == 27)
            #expect(try await platform.present().contains(content))
            let sweep = try await platform.keeper.sweep(by: "alice")
            #expect(sweep.isApplied && sweep.unnamed.count == 1)
            #expect(try await platform.trashed() == [content])
            platform.clock.advance(days: 29)
            _ = try await platform.keeper.sweep(by: "alice")
            #expect(try await platform.trashed().contains(content))
            platform.clock.advance(days: 2)
            #expect(try await platform.keeper.sweep(by: "alice").destroyed.count == 1)
            #expect(try await !platform.trashed().contains(content))
            #expect(try await !platform.blobs.contains(content))
        }
    }

    /// The ledger says what was moved, and the list is there to be read.
    @Test func theLedgerNamesTheListOfWhatWasMoved() async throws {
        try await withPlatform { platform in
            let content = try await platform.put("x")
            platform.clock.advance(days: 2)
            let list = try #require(try await platform.keeper.sweep(by: "alice").list)
            let entry = try #require(try await platform.registry.ledger(limit: 10).last)
            #expect(entry.change.actor == "alice" && entry.change.action == "platform.sweep")
            #expect(entry.change.after?.contains(list.description) == true)
            let text = String(decoding: try await platform.blobs.read(list, limit: 1000), as: UTF8.self)
            #expect(text.hasPrefix("trash \(content.hex) 1 "))
            // It is evidence for as long as such entries keep theirs, and a content like others from then on.
            platform.clock.advance(days: 9)
            _ = try await platform.keeper.sweep(by: "alice")
            #expect(try await platform.present().contains(list))
            platform.clock.advance(days: 9)
            _ = try await platform.keeper.sweep(by: "alice")
            #expect(try await !platform.present().contains(list))
        }
    }

    @Test func whoeverPutsOrAsksAgainBringsAContentBack() async throws {
        try await withPlatform { platform in
            let asked = try await platform.put("asked")
            let read = try await platform.put("read")
            let sent = try await platform.put("sent")
            let called = try await platform.put("called")
            platform.clock.advance(days: 2)
            #expect(try await platform.keeper.sweep(by: "alice").unnamed.count == 4)
            #expect(try await platform.blobs.contains(asked))
            #expect(try await platform.blobs.read(read, limit: 100) == Array("read".utf8))
            #expect(try await platform.put("sent") == sent)
            try await platform.keeper.bringBack(called, by: "alice")
            #expect(try await platform.present().isSuperset(of: [asked, read, sent, called]))
            // Young again.
            #expect(try await platform.keeper.sweep(by: "alice").unnamed.count == 0)
            await expectCode(.contentMissing) { try await platform.keeper.bringBack(called, by: "alice") }
        }
    }

    /// A row may name a content in the moment in which it goes: it comes back before the trash is emptied.
    @Test func aContentThatIsNamedWhileItIsInTheTrashIsNotDestroyed() async throws {
        try await withPlatform { platform in
            let content = try await platform.put("raced")
            platform.clock.advance(days: 2)
            _ = try await platform.keeper.sweep(by: "alice")
            let run = try await platform.startRun()
            // Without asking for it, as somebody does who asked before.
            try await platform.tracking.setArtifact(
                .files(of: platform.tracking.runInfo(run)).appending("a"), content: content, byteCount: 5)
            platform.clock.advance(days: 100)
            let sweep = try await platform.keeper.sweep(by: "alice")
            #expect(sweep.broughtBack.count == 1 && sweep.destroyed.count == 0)
            #expect(try await platform.present().contains(content))
            _ = try await platform.keeper.emptyTrash(by: "alice")
            #expect(try await platform.present().contains(content))
            #expect(try await platform.trashed().isEmpty)
        }
    }

    @Test func oneThatCannotBeReadStopsEverything() async throws {
        try await withPlatform { platform in
            let (version, _) = try await platform.register(["model"])
            let run = try await platform.startRun()
            _ = try await platform.log("x", as: "x", in: run)
            try await platform.tracking.setDeleted(true, run)
            let bundle = try #require(version.bundle)
            platform.clock.advance(days: 40)
            try FileManager.default.removeItem(
                atPath: "\(platform.folder)/contents/blobs/\(bundle.hex.prefix(2))/\(bundle.hex)")
            await expectCode(.sweepStopped) { _ = try await platform.keeper.plan() }
            await expectCode(.sweepStopped) { _ = try await platform.keeper.sweep(by: "alice") }
            await expectCode(.sweepStopped) { _ = try await platform.keeper.emptyTrash(by: "alice") }
            // Not even rows went.
            #expect(try await platform.tracking.runInfo(run).isDeleted)
            #expect(try await platform.trashed().isEmpty)
            try await platform.registrations.removeVersion(1, of: churn, by: "alice")
            platform.clock.advance(days: 31)
            #expect(try await platform.keeper.sweep(by: "alice").expiry.runs == 1)
        }
    }

    @Test func aTableThatNobodyKnowsStopsEverything() async throws {
        try await withPlatform { platform in
            try await platform.database.write {
                try $0.execute("CREATE TABLE new_thing (content TEXT NOT NULL) STRICT", [:])
            }
            let store = SQLRetentionStore(
                database: platform.database, tables: SQLSchema.sqlite.tables + ["new_thing"])
            await expectCode(.sweepStopped) {
                _ = try await store.expire(
                    deletedBefore: platform.clock.now, ledgerFrom: platform.clock.now, by: nil, at: platform.clock.now)
            }
        }
    }

    /// Of every table it is known which contents it names: whoever adds one says so.
    @Test func everyTableIsKnown() async throws {
        try await withPlatform { platform in _ = try await platform.keeper.plan() }
    }

    @Test func deletedThingsGoWithAllThatTheyHaveAndWhatNamesThemStays() async throws {
        try await withPlatform { platform in
            let tracking = platform.tracking
            let experiment = try await tracking.makeExperiment("gone")
            let last = try await tracking.makeExperiment("the newest, which stays")
            let run = try await tracking.startRun(in: experiment, name: nil, user: "", startedAt: nil, tags: []).info.id
            let content = try await platform.log("in the experiment", as: "a/b", in: run)
            try await tracking.record(
                in: run, metrics: [MetricPoint(key: "m", value: 1, timestamp: 1, step: 1)],
                params: [KeyedText("p", "1")], tags: [KeyedText("t", "1")])
            let named = try await platform.startRun()
            let kept = try await platform.log("what a version is made of", as: "model/MLmodel", in: named)
            _ = try await platform.registrations.makeModel(churn, description: nil, tags: [], by: "alice")
            _ = try await platform.registrations.registerVersion(
                of: churn, Registration(source: "mlflow-artifacts:/0/\(named)/artifacts/model"), description: nil,
                tags: [], by: "alice")
            try await tracking.setDeleted(true, experiment)
            try await tracking.setDeleted(true, last)
            try await tracking.setDeleted(true, named)
            platform.clock.advance(days: 31)
            let sweep = try await platform.keeper.sweep(by: "alice")
            #expect(sweep.expiry.summary == "1 run, 1 experiment, 1 artifact")
            #expect(sweep.ofDeleted.count == 1 && sweep.unnamed.count == 0)
            #expect(try await platform.trashed() == [content])
            #expect(try await platform.present().contains(kept))
            await expectCode(.experimentUnknown) { _ = try await tracking.experiment(experiment) }
            await expectCode(.runUnknown) { _ = try await tracking.runInfo(run) }
            #expect(try await tracking.makeExperiment("after").number == last.number + 1)
            let entry = try await platform.registry.ledger(limit: 100).last { $0.change.action == "platform.expire" }
            #expect(entry?.change.after == "1 run, 1 experiment, 1 artifact")
            // A name is free again.
            _ = try await tracking.makeExperiment("gone")
        }
    }

    @Test func aVersionThatWasRemovedKeepsItsNumberOnly() async throws {
        try await withPlatform { platform in
            let (_, old) = try await platform.register(["shared", "old"])
            let (_, new) = try await platform.register(["shared", "new"])
            try await platform.registrations.removeVersion(1, of: churn, by: "alice")
            try await platform.registrations.removeVersion(2, of: churn, by: "alice")
            platform.clock.advance(days: 29)
            #expect(try await platform.keeper.sweep(by: "alice").ofDeleted.count == 0)
            let (version, third) = try await platform.register(["shared", "third"])
            #expect(version.number == 3)
            platform.clock.advance(days: 2)
            #expect(try await platform.keeper.sweep(by: "alice").expiry.versions == 2)
            #expect(try await platform.trashed() == old.union(new).subtracting(third))
            #expect(try await platform.register(["fourth"]).version.number == 4)
        }
    }

    private func withPlatform(_ body: (FolderPlatform) async throws -> Void) async throws {
        try await withTemporaryFolder { folder async throws in
            try await body(FolderPlatform(folder: folder, platform: KeptPlatform(in: folder)))
        }
    }
}

@dynamicMemberLookup
private struct FolderPlatform {
    let folder: String
    let platform: KeptPlatform

    subscript<Value>(dynamicMember path: KeyPath<KeptPlatform, Value>) -> Value { platform[keyPath: path] }

    func put(_ text: String) async throws -> Digest { try await platform.put(text) }
    func present() async throws -> Set<Digest> { try await platform.present() }
    func trashed() async throws -> Set<Digest> { try await platform.trashed() }
    func register(_ files: [String]) async throws -> (version: ModelVersion, contents: Set<Digest>) {
        try await platform.register(files)
    }
    func log(_ text: String, as name: String, in run: RunID) async throws -> Digest {
        try await platform.log(text, as: name, in: run)
    }
    func startRun() async throws -> RunID {
        try await platform.tracking.startRun(in: .standard, name: nil, user: "", startedAt: nil, tags: []).info.id
    }
}
