// SPDX-License-Identifier: Apache-2.0
internal import ModelExecution
internal import Tensors

/// A message of the worker protocol: JSON, and behind it the bytes of the tensors that it describes.
struct WorkerFrame {
    /// The most bytes of a frame behind its length.
    static let byteLimit = 1 << 30

    let header: JSONValue
    /// Header and tensors, as they came.
    private let content: TensorStorage
    private let headerByteCount: Int

    /// - Parameter content: What follows a frame's length: the header's own length, the header, the tensors.
    /// - Throws: ``WorkerFault/broken(_:)``.
    init(_ content: TensorStorage) throws(WorkerFault) {
        self.content = content
        let parsed: (JSONValue, Int)? = unsafe content.withUnsafeBytes { bytes in
            guard bytes.count >= 4 else { return nil }
            let count = Int(unsafe UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)))
            guard count <= bytes.count - 4,
                let header = try? JSONValue.parse(unsafe Array(bytes[4..<(4 + count)]))
            else { return nil }
            return (header, 4 + count)
        }
        guard let parsed, parsed.0["kind"]?.string != nil else {
            throw .broken("a frame has no header that can be read")
        }
        header = parsed.0
        headerByteCount = parsed.1
    }

    var kind: String { header["kind"]?.string ?? "" }

    /// The tensors under `key`; those of fixed-width elements borrow the frame's bytes.
    func tensors(_ key: String) throws(WorkerFault) -> [NamedTensor] {
        guard let heads = header[key]?.elements else { throw .broken("“\(kind)” has no \(key)") }
        do throws(CodecError) {
            return try unsafe content.withUnsafeBytes { bytes throws(CodecError) in
                try unsafe decodeBinaryTensors(
                    heads, payload: UnsafeRawBufferPointer(rebasing: bytes[headerByteCount...]), owner: content)
            }
        } catch {
            throw .broken("“\(kind)” holds what is no tensor: \(error.message)")
        }
    }
}

extension ByteWriter {
    /// Appends a whole frame.
    func append(frame header: ByteWriter, tensors: [NamedTensor] = []) {
        let tensorBytes = tensors.reduce(0) { $0 + $1.tensor.binaryByteCount }
        append(littleEndian: UInt32(4 + header.count + tensorBytes))
        append(littleEndian: UInt32(header.count))
        unsafe header.withUnsafeBytes { unsafe append($0) }
        for tensor in tensors { append(binary: tensor.tensor) }
    }

    private func append(littleEndian number: UInt32) {
        for shift in stride(from: UInt32(0), to: 32, by: 8) { append(UInt8(truncatingIfNeeded: number >> shift)) }
    }
}

/// Why a worker did not answer.
enum WorkerFault: Error, Equatable {
    /// The connection ended; how the process did.
    case ended(String)
    /// It does not keep the protocol.
    case broken(String)
    /// Its time is up.
    case late
    /// It says so itself.
    case refused(code: String, message: String)
}
