// SPDX-License-Identifier: Apache-2.0
import EngineWorker
import Foundation
import ModelDomain
import ModelExecution
import PortContracts
import Tensors
import TestSupport
import Testing

/// Real processes, which answer `first + 10 · second` and misbehave where a test says so.
///
/// One after the other: they wait for processes on threads that all tests share.
@Suite(.serialized) struct WorkerEngineTests {
    @Test func keepsTheContract() async throws {
        try await withTemporaryFolder { folder in
            let worker = try SmallWorker(in: folder)
            try worker.write("broken.json", "{")
            try worker.write("other.json", #"{"schema": "slipway.worker/9", "command": ["x"]}"#)
            try worker.write(
                "nobody.json",
                #"{"schema": "slipway.worker/1", "command": ["no-such-program"], "inputs": [], "outputs": []}"#)
            let specs = (
                TensorSpec(name: "values", datatype: .float32, shape: [.symbolic(""), .fixed(2)]),
                TensorSpec(name: "score", datatype: .float32, shape: [.symbolic("")])
            )
            try InferenceEngineContract(
                runtime: worker.runtime(),
                golden: GoldenModel(
                    file: worker.descriptor, inputs: [specs.0], outputs: [specs.1],
                    answers: [
                        .init(
                            inputs: [Tensor(.float32, shape: [1, 2], elements: [1, 2] as [Float])],
                            outputs: [Tensor(.float32, shape: [1], elements: [21] as [Float])]),
                        .init(
                            inputs: [Tensor(.float32, shape: [3, 2], elements: [1, 2, 3, 4, 5, 6] as [Float])],
                            outputs: [Tensor(.float32, shape: [3], elements: [21, 43, 65] as [Float])]),
                    ], tolerance: 0),
                unusable: ["broken.json", "other.json", "nobody.json", "absent.json"].map {
                    ModelFile(path: "\(folder)/bundle/\($0)")
                }
            ).run()
        }
    }

    /// A row that ends every process that works on it spoils nothing for the next one, and is kept for the owner.
    @Test func aRequestThatEndsTwoProcessesIsRefusedAndKept() async throws {
        try await withTemporaryFolder { folder in
            let worker = try SmallWorker(in: folder)
            let engine = try worker.runtime().open(modelAt: worker.descriptor)
            #expect(throws: EngineError.endsWorkers) { try engine.score(1000) }
            #expect(try engine.score(1) == 11)
            let kept = try #require(worker.suspects.first)
            let line = try String(contentsOfFile: "\(folder)/workers/suspects/\(kept)", encoding: .utf8)
            #expect(line.contains("1000"))
            #expect(worker.log.contains { $0.contains("status 3") })
        }
    }

    @Test func aProcessThatIsKilledIsFollowedByAnother() async throws {
        try await withTemporaryFolder { folder in
            let worker = try SmallWorker(in: folder)
            let engine = try worker.runtime().open(modelAt: worker.descriptor)
            for _ in 0..<3 {
                for process in try worker.children() { kill(process, SIGKILL) }
                #expect(try engine.score(2) == 12)
            }
        }
    }

    /// A call that does not stop when told to costs its process, and no more time than a second.
    @Test func aCallThatNobodyWaitsForIsEnded() async throws {
        try await withTemporaryFolder { folder in
            let worker = try SmallWorker(in: folder)
            let engine = try worker.runtime().open(modelAt: worker.descriptor)
            let start = Moment.now
            #expect(throws: EngineError.deadlinePassed) {
                try engine.score(1001, until: Moment.now.after(200_000_000))
            }
            #expect(Moment.now.since(start) < 300_000_000_000)
            #expect(try engine.score(1) == 11)
        }
    }

    /// Code that never returns is ended also where no caller gave a deadline.
    @Test func noCallRunsForEver() async throws {
        try await withTemporaryFolder { folder in
            let worker = try SmallWorker(in: folder)
            var limits = WorkerLimits()
            limits.callNanoseconds = 300_000_000
            let engine = try worker.runtime(limits).open(modelAt: worker.descriptor)
            #expect(throws: EngineError.deadlinePassed) { try engine.score(1001) }
        }
    }

    @Test func aWorkerThatBreaksTheProtocolIsReplaced() async throws {
        try await withTemporaryFolder { folder in
            let worker = try SmallWorker(in: folder)
            let engine = try worker.runtime().open(modelAt: worker.descriptor)
            #expect(throws: EngineError.self) { try engine.score(1002) }
            #expect(try engine.score(1) == 11)
            #expect(worker.log.contains { $0.contains("4294967295 bytes") })
        }
    }

    /// The model's mistakes are answers, and cost no process.
    @Test func whatTheModelRefusesOrGetsWrongIsSaid() async throws {
        try await withTemporaryFolder { folder in
            let worker = try SmallWorker(in: folder)
            let engine = try worker.runtime().open(modelAt: worker.descriptor)
            let before = try worker.children()
            #expect(throws: EngineError.inputsRefused(reason: "ValueError: too large")) { try engine.score(1004) }
            let wrong = #expect(throws: EngineError.self) { try engine.score(1003) }
            #expect(wrong?.explanation.message.contains("“score” FP32 [1, 1]") == true)
            #expect(try engine.score(1006) == 1016)
            #expect(try worker.children() == before)
        }
    }

    @Test func whatAWorkerPrintsIsLogged() async throws {
        try await withTemporaryFolder { folder in
            let worker = try SmallWorker(in: folder)
            let engine = try worker.runtime().open(modelAt: worker.descriptor)
            _ = try engine.score(1006)
            for _ in 0..<6000 where !worker.log.contains("a line of its own") { usleep(10_000) }
            #expect(worker.log.contains("a line of its own"))
        }
    }

    /// Two calls at a time have two processes, the second of which is started when it is needed.
    @Test func callsThatMeetHaveProcessesOfTheirOwn() async throws {
        try await withTemporaryFolder { folder in
            let worker = try SmallWorker(in: folder)
            let engine = try worker.runtime().open(modelAt: worker.descriptor)
            #expect(try worker.children().count == 1)
            await withTaskGroup(of: Float?.self) { group in
                for _ in 0..<2 { group.addTask { await onThread { try? engine.score(1005) } } }
                for await answer in group { #expect(answer == 1015) }
            }
            // On a busy machine the first one may be free again before the second one has started.
            for _ in 0..<6000 where try worker.children().count < 2 { usleep(10_000) }
            #expect(try worker.children().count == 2)
        }
    }

    @Test(arguments: [
        (["PROTOCOL": "2"], "version 1 of the worker protocol"), (["REFUSE": "1"], "the file is damaged"),
    ])
    func aWorkerThatCannotLoadRefusesTheVersion(variables: [String: String], reason: String) async throws {
        try await withTemporaryFolder { folder in
            let worker = try SmallWorker(in: folder, variables: variables)
            let failure = #expect(throws: EngineError.self) { try worker.runtime().open(modelAt: worker.descriptor) }
            #expect(failure?.explanation.message.contains(reason) == true)
            #expect(try worker.children().isEmpty)
        }
    }

    /// No process is left when the version is let go.
    @Test func processesEndWithTheVersion() async throws {
        try await withTemporaryFolder { folder in
            let worker = try SmallWorker(in: folder)
            do {
                let engine = try worker.runtime().open(modelAt: worker.descriptor)
                #expect(try engine.score(1) == 11)
            }
            for _ in 0..<6000 where try !worker.children().isEmpty { usleep(10_000) }
            #expect(try worker.children().isEmpty)
        }
    }
}

/// On a thread of its own: tasks that wait may have to take turns.
private func onThread<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
        Thread.detachNewThread { continuation.resume(returning: body()) }
    }
}
