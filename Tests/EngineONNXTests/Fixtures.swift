// SPDX-License-Identifier: Apache-2.0
import EngineONNX
import Foundation
import ModelExecution
import Tensors
import Testing

/// The library that `make setup` fetched, or the one that `SLIPWAY_ONNXRUNTIME` names.
func engineLibrary() throws -> ONNXRuntimeLibrary {
    let given = ProcessInfo.processInfo.environment["SLIPWAY_ONNXRUNTIME"]
    let places: [String?] = [given, repository.appending(path: ".tools/engines").path]
    let path = try #require(
        ONNXRuntimeLibrary.locate(in: places.compactMap(\.self)), "ONNX Runtime is not there: `make setup` fetches it")
    return try ONNXRuntimeLibrary.load(path: path)
}

/// A model of Tests/Fixtures/models.
func fixture(_ name: String) -> ModelFile {
    ModelFile(path: repository.appending(path: "Tests/Fixtures/models/\(name).onnx").path)
}

func open(_ name: String) throws -> any InferenceEngine {
    try engineLibrary().open(modelAt: fixture(name))
}

private let repository = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// A folder that is gone when `body` returns or throws.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "engine-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}

/// The bytes of a tensor's elements.
func bytes(of tensor: Tensor) -> [UInt8] {
    unsafe tensor.storage.withUnsafeBytes { unsafe Array($0) }
}

/// A tensor of zeros, or of empty texts.
func zeros(_ datatype: Datatype, _ shape: Shape) -> Tensor {
    let count = elementCount(of: shape) ?? 0
    guard let width = datatype.byteWidth else {
        return Tensor(strings: [String](repeating: "", count: count), shape: shape)
    }
    let raw = Tensor(.uint8, shape: [count * width], elements: [UInt8](repeating: 0, count: count * width))
    return Tensor(datatype, shape: shape, storage: raw.storage)
}

/// A tensor whose elements are `bytes`, which lie at an odd address inside memory that somebody else keeps.
func unaligned(_ datatype: Datatype, shape: Shape, _ bytes: [UInt8]) -> Tensor {
    let owner = TensorStorage(byteCount: bytes.count + 1)
    unsafe owner.withUnsafeMutableBytes { target in
        unsafe UnsafeMutableRawBufferPointer(rebasing: target[1...]).copyBytes(from: bytes)
    }
    let borrowed = unsafe owner.withUnsafeBytes { unsafe UnsafeRawBufferPointer(rebasing: $0[1...]) }
    return Tensor(datatype, shape: shape, storage: unsafe TensorStorage(borrowing: borrowed, owner: owner))
}
