// SPDX-License-Identifier: Apache-2.0
import GraphExecution
import ModelExecution
import Synchronization
import Tensors
import Testing

/// What is read is what is written, and calls reach models as they came.
struct DescriptorTests {
    @Test func aGraphIsWrittenAsItWasRead() throws {
        let document = graph(
            "x FP64", "m FP32 -1 3",
            steps: """
                {"name":"a","in":["input.x","input.m[2]"],"transform":[{"op":"scale","columns":["x"],"add":[0.1]}],"on_error":{"value":-1.5}},
                {"name":"b","in":["a"],"model":{"engine":"stub","file":"f/m"},"when":[{"of":"a.x","above":0.5},{"of":"a.x","between":[0,"Infinity"]},{"of":"a","missing":false}],"cache":7},
                {"name":"c","in":["a"],"model":{"bundle":"f","version":"p/n@2"},"timeout_ms":50,"on_error":"skip","when":[{"of":"a.x","one_of":[1,2]},{"of":"a.x","equals":9007199254740993}]},
                {"name":"d","in":["b.y","c.y"],"combine":{"by":"weighted","weights":[1,0.1]}}
                """, outputs: "y=d", "z=a.x")
        let read = try GraphDescriptor(file: Array(document.utf8))
        #expect(read.json.canonical == (try JSONValue.parse(document).canonical))
        #expect(try GraphDescriptor(file: read.json.canonical).json.canonical == read.json.canonical)
    }

    /// Rows of several callers are asked for as such, and what one step has lost of its processes is the graph's loss.
    @Test func callsReachModelsAsTheyCame() throws {
        let model = JointEngine()
        let engine = try open(
            graph(
                "x FP32", steps: #"{"name":"m","in":["input"],"model":{"engine":"stub","file":"m"}}"#, outputs: "x=m.x"),
            models: ["m": model])
        let rows = Tensor(.float32, shape: [2], elements: [Float(1), 2])
        let deadline = Moment.now.after(1_000_000_000_000)
        _ = try engine.runJoint([rows], until: deadline)
        _ = try engine.run([rows], until: deadline)
        _ = try engine.run([rows])
        #expect(model.calls == ["joint", "alone", "alone"])
        #expect(model.deadlines == [deadline, deadline, .never])
        #expect(engine.recovery.losses == 3 && engine.recovery.isUnderway && engine.runsElsewhere)
        #expect(engine.steps.map(\.calls) == [3])
    }
}

/// Notes how it was called.
private final class JointEngine: InferenceEngine {
    let inputs = [spec("x", .float32, nil)]
    let outputs = [spec("x", .float32, nil)]
    let runsElsewhere = true
    private let noted = Mutex<[(kind: String, deadline: Moment)]>([])

    var calls: [String] { noted.withLock { $0.map(\.kind) } }
    var deadlines: [Moment] { noted.withLock { $0.map(\.deadline) } }

    var recovery: EngineRecovery {
        var recovery = EngineRecovery()
        recovery.losses = 3
        recovery.isUnderway = true
        return recovery
    }

    func run(_ inputs: [Tensor]) throws(EngineError) -> [Tensor] { try run(inputs, until: .never) }

    func run(_ inputs: [Tensor], until deadline: Moment) throws(EngineError) -> [Tensor] {
        noted.withLock { $0.append(("alone", deadline)) }
        return inputs
    }

    func runJoint(_ inputs: [Tensor], until deadline: Moment) throws(EngineError) -> [Tensor] {
        noted.withLock { $0.append(("joint", deadline)) }
        return inputs
    }
}
