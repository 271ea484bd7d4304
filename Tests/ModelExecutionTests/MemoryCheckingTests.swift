// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import ModelExecution
import Synchronization
import TestSupport
import Testing

struct MemoryCheckingTests {
    /// A model is held against what is left each time, and not opened when it is more.
    @Test func aModelThatDoesNotFitIsNotOpened() throws {
        let left = Atomic<Int>(0)
        let runtime = MemoryCheckingRuntime(
            FakeRuntime(), byteCount: { _ in 400 << 20 }, available: { left.load(ordering: .relaxed) })
        #expect(runtime.identity == FakeRuntime().identity)
        for mebibytes in [499, 0, -3] {
            left.store(mebibytes << 20, ordering: .relaxed)
            let error = #expect(throws: EngineError.self) { try runtime.open(modelAt: ModelFile(path: "m")) }
            let explanation = try #require(error?.explanation)
            #expect(explanation.code == .memoryShort)
            #expect(explanation.message.contains("about 500 MiB, and \(max(0, mebibytes)) MiB are left"))
        }
        left.store(500 << 20, ordering: .relaxed)
        _ = try runtime.open(modelAt: ModelFile(path: "m"))
    }

    @Test func whereTheSystemDoesNotTellModelsAreOpened() throws {
        let runtime = MemoryCheckingRuntime(FakeRuntime(), byteCount: { _ in .max / 8 }, available: { nil })
        _ = try runtime.open(modelAt: ModelFile(path: "m"))
    }
}
