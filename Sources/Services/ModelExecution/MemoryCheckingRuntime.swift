// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// Opens only what there is memory for: a process that takes more than there is may be ended by the system, and every
/// endpoint with it.
package struct MemoryCheckingRuntime: EngineRuntime {
    private let runtime: any EngineRuntime
    private let byteCount: @Sendable (ModelFile) -> Int
    private let available: @Sendable () -> Int?

    /// - Parameters:
    ///   - byteCount: Of the model's files, which it takes at least while it is loaded.
    ///   - available: Bytes that this process can still have; `nil` where the system does not tell.
    package init(
        _ runtime: any EngineRuntime, byteCount: @escaping @Sendable (ModelFile) -> Int,
        available: @escaping @Sendable () -> Int?
    ) {
        self.runtime = runtime
        self.byteCount = byteCount
        self.available = available
    }

    package var identity: EngineIdentity { runtime.identity }
    package var keepsCommonMemory: Bool { runtime.keepsCommonMemory }

    package func prepare(for file: ModelFile) throws(EngineError) {
        try requireMemory(for: file)
        try runtime.prepare(for: file)
    }

    package func open(modelAt file: ModelFile) throws(EngineError) -> any InferenceEngine {
        try requireMemory(for: file)
        return try runtime.open(modelAt: file)
    }

    package func open(modelAt file: ModelFile, on device: ComputeDevice) throws(EngineError) -> any InferenceEngine {
        // On its way to a card a model passes through the process's own memory.
        try requireMemory(for: file)
        return try runtime.open(modelAt: file, on: device)
    }

    private func requireMemory(for file: ModelFile) throws(EngineError) {
        // Measured with ONNX Runtime: the files, and a copy of the largest tensors, 1.1 to 1.3 times in all.
        let needed = byteCount(file) / 4 * 5
        if let available = available(), available < needed {
            throw .memoryShort(reason: "it takes about \(mebibytes(needed)), and \(mebibytes(available)) are left")
        }
    }
}

private func mebibytes(_ byteCount: Int) -> String { "\((max(0, byteCount) + 1 << 19) >> 20) MiB" }
