// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// Calls of the engine by the rows that they had.
///
/// Those with one row of one request, which are the most, cost one addition each; the others are few and pay a lock.
package final class EngineCallCounts: Sendable {
    package struct Size: Sendable, Hashable {
        package var calls = 0
        /// Time of them: to put rows together, in the engine, and to take answers apart, in nanoseconds.
        package var assembly = 0
        package var compute = 0
        package var splitting = 0
    }

    /// Up to this many rows each number is counted by itself, beyond by the next power of two.
    private static let largestExact = 64

    private let singles = Atomic<Int>(0)
    private let singleTime = Atomic<Int>(0)
    private let others = Mutex<[Int: Size]>([:])

    package init() {}

    func ran(rows: Int, compute: Int) {
        guard rows != 1 else {
            singles.add(1, ordering: .relaxed)
            singleTime.add(compute, ordering: .relaxed)
            return
        }
        ran(rows: rows, JointTimes(assembly: 0, compute: compute, splitting: 0))
    }

    func ran(rows: Int, _ times: JointTimes) {
        let size = rows <= Self.largestExact ? rows : 1 << (Int.bitWidth - (rows - 1).leadingZeroBitCount)
        others.withLock { sizes in
            sizes[size, default: Size()].calls += 1
            sizes[size, default: Size()].assembly += times.assembly
            sizes[size, default: Size()].compute += times.compute
            sizes[size, default: Size()].splitting += times.splitting
        }
    }

    /// By rows.
    package var bySize: [Int: Size] {
        var sizes = others.withLock(\.self)
        let count = singles.load(ordering: .relaxed)
        if count > 0 {
            sizes[1, default: Size()].calls += count
            sizes[1, default: Size()].compute += singleTime.load(ordering: .relaxed)
        }
        return sizes
    }

    package var total: Int {
        others.withLock { $0.values.reduce(0) { $0 + $1.calls } } + singles.load(ordering: .relaxed)
    }
}

/// What became of the time of calls that were joined, in nanoseconds.
struct JointTimes {
    var assembly = 0
    var compute = 0
    var splitting = 0
}
