// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelExecution
import Synchronization
import Tensors
import Testing

@testable import GraphExecution

/// Models that do not need one another run side by side, once they were found to take long enough for that.
struct BranchTests {
    /// How many calls were inside of models at once.
    private final class Crowd: Sendable {
        private let counts = Mutex((now: 0, most: 0))

        var most: Int { counts.withLock(\.most) }

        func pass(seconds: Double) {
            counts.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
            Thread.sleep(forTimeInterval: seconds)
            counts.withLock { $0.now -= 1 }
        }
    }

    private func twoModels(
        second: String = #"["input"]"#, seconds: Double, _ crowd: Crowd, failing: Bool = false, policy: String = ""
    ) throws -> GraphEngine {
        let first = StubEngine.scoring(1) { values in
            crowd.pass(seconds: seconds)
            return values[0] + 1
        }
        let other = StubEngine.scoring(1) { values in
            crowd.pass(seconds: seconds)
            return failing ? nil : values[0] * 10
        }
        return try open(
            graph(
                "x FP32",
                steps: """
                    {"name":"a","in":["input"],"model":{"engine":"stub","file":"a"}},
                    {"name":"b","in":\(second),"model":{"engine":"stub","file":"b"}\(policy)},
                    {"name":"both","in":["a.score","b.score"],"combine":{"by":"maximum","missing":"renormalise"}}
                    """,
                outputs: "y=both", "a=a.score"),
            models: ["a": first, "b": other])
    }

    private func single(_ value: Float) -> Tensor { Tensor(.float32, shape: [1], elements: [value]) }

    @Test func slowModelsRunSideBySide() throws {
        let crowd = Crowd()
        let engine = try twoModels(seconds: 0.3, crowd)
        #expect(engine.plan.hasBranches)
        let alone = try engine.run([single(2)]).map { $0.elements(as: Float.self) }
        #expect(crowd.most == 1, "nothing is known of them yet")
        let clock = StepClock()
        let beside = try engine.run([single(2)], until: .never, timing: clock).map { $0.elements(as: Float.self) }
        #expect(crowd.most == 2)
        #expect(alone == [[20], [3]] && beside == alone)
        #expect(Set(clock.times.map(\.name)) == ["a", "b", "both"])
        #expect(engine.steps.map(\.calls) == [2, 2, 2])
    }

    @Test func quickModelsDoNot() throws {
        let crowd = Crowd()
        let engine = try twoModels(seconds: 0, crowd)
        for _ in 0..<20 { _ = try engine.run([single(2)]) }
        #expect(crowd.most == 1)
    }

    /// What reads another waits for it, however slow both are.
    @Test func whatReadsAnotherWaits() throws {
        let crowd = Crowd()
        let engine = try twoModels(second: #"["a.score"]"#, seconds: 0.02, crowd)
        #expect(!engine.plan.hasBranches)
        for _ in 0..<3 { #expect(try engine.run([single(2)])[0].elements(as: Float.self) == [30]) }
        #expect(crowd.most == 1)
    }

    @Test func failuresOfBranchesAreThoseOfSteps() throws {
        let crowd = Crowd()
        let strict = try twoModels(seconds: 0.02, crowd, failing: true)
        for _ in 0..<3 { #expect(throws: EngineError.self) { try strict.run([single(2)]) } }
        let lenient = try twoModels(seconds: 0.02, crowd, failing: true, policy: #","on_error":"skip""#)
        for _ in 0..<3 { #expect(try lenient.run([single(2)])[0].elements(as: Float.self) == [3]) }
        #expect(crowd.most == 2)
        #expect(lenient.steps[1].failures == 3)
    }
}
