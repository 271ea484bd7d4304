// SPDX-License-Identifier: Apache-2.0
internal import ModelExecution
internal import Synchronization

/// What a step has done so far; counted without a lock.
final class StepCounters: Sendable {
    private let calls = Atomic<Int>(0)
    private let rows = Atomic<Int>(0)
    private let failures = Atomic<Int>(0)
    private let kept = Atomic<Int>(0)
    private let nanoseconds = Atomic<Int>(0)

    func count(rows: Int, nanoseconds: Int) {
        calls.wrappingAdd(1, ordering: .relaxed)
        self.rows.wrappingAdd(rows, ordering: .relaxed)
        self.nanoseconds.wrappingAdd(nanoseconds, ordering: .relaxed)
    }

    /// Of a call; 0 before the first.
    var meanNanoseconds: Int {
        nanoseconds.load(ordering: .relaxed) / max(1, calls.load(ordering: .relaxed))
    }

    func fail() { failures.wrappingAdd(1, ordering: .relaxed) }

    /// Rows whose answers were there already.
    func find(_ count: Int) { kept.wrappingAdd(count, ordering: .relaxed) }

    func counts(of name: String, _ noun: String) -> StepCounts {
        StepCounts(
            name: name, kind: noun, calls: calls.load(ordering: .relaxed), rows: rows.load(ordering: .relaxed),
            failures: failures.load(ordering: .relaxed), cachedRows: kept.load(ordering: .relaxed),
            nanoseconds: nanoseconds.load(ordering: .relaxed))
    }
}
