// SPDX-License-Identifier: Apache-2.0
internal import Synchronization
internal import Tensors

/// The answers that a model gave to rows, by the rows' bytes: the ones used longest ago go first.
final class RowCache: Sendable {
    private struct State {
        /// Two generations: what is used moves to the young one; when that is half of the limit, the old one goes.
        var young: [[UInt8]: [Tensor]] = [:]
        var old: [[UInt8]: [Tensor]] = [:]
        /// Of the young ones, keys and answers together.
        var byteCount = 0
    }

    /// What a generation takes at most, however many rows it may hold.
    static let byteLimit = 64 << 20

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = limit }

    func answers(to keys: [[UInt8]]) -> [[Tensor]?] {
        state.withLock { state in
            keys.map { key in
                if let answer = state.young[key] { return answer }
                guard let answer = state.old.removeValue(forKey: key) else { return nil }
                keep(answer, key, &state)
                return answer
            }
        }
    }

    func keep(_ answer: [Tensor], for key: [UInt8]) {
        state.withLock { keep(answer, key, &$0) }
    }

    private func keep(_ answer: [Tensor], _ key: [UInt8], _ state: inout State) {
        let byteCount = key.count + answer.reduce(0) { $0 + $1.storage.byteCount + 8 * $1.offsets.count }
        guard byteCount <= Self.byteLimit else { return }
        if state.young.count >= max(1, limit / 2) || state.byteCount + byteCount > Self.byteLimit {
            // Of one row, there is no half.
            state.old = limit > 1 ? state.young : [:]
            state.young = [:]
            state.byteCount = 0
        }
        state.young[key] = answer
        state.byteCount += byteCount
    }

    /// What tells one row of the inputs from all others.
    static func key(_ inputs: [Tensor], row: Int) -> [UInt8] {
        var key: [UInt8] = []
        for input in inputs {
            let inner = input.shape.dropFirst().reduce(1, *)
            guard let width = input.datatype.byteWidth else {
                for element in row * inner..<(row + 1) * inner {
                    unsafe input.withBytes(at: element) { bytes in
                        withCount(of: bytes.count, &key)
                        unsafe key.append(contentsOf: bytes)
                    }
                }
                continue
            }
            unsafe input.storage.withUnsafeBytes { bytes in
                unsafe key.append(contentsOf: bytes[row * inner * width..<(row + 1) * inner * width])
            }
        }
        return key
    }

    private static func withCount(of count: Int, _ key: inout [UInt8]) {
        for shift in stride(from: 0, to: 64, by: 8) { key.append(UInt8(truncatingIfNeeded: count >> shift)) }
    }
}
