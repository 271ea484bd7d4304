// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import InferenceServing
internal import ModelDomain

/// One event loop's way into the log: copies what became of a prediction into its ring, and is done.
///
/// `@unchecked Sendable`: the writer reads the ring, which is made for two threads; the rest is the event loop's.
final class LogRecorder: PredictionRecorder, @unchecked Sendable {
    /// Tensors of more bytes are not kept; the rest of the record is.
    static let longestTensors = 1 << 16
    /// Those that are only counted may be larger, as long as they are tables and not images.
    static let (longestCounted, widestCounted) = (1 << 20, 1 << 14)

    /// A bit in front of a record that is counted and not kept.
    static let observedOnly: UInt32 = 1 << 31

    let ring = ByteRing(capacity: 1 << 22)
    private unowned let log: PredictionLog
    private var last: (serial: Int, plan: LogPlan)?
    private var plans: [Int: LogPlan] = [:]

    init(_ log: PredictionLog) { self.log = log }

    private enum Fate { case taken, leftOut, dropped }

    func record(_ outcome: borrowing PredictionOutcome) { _ = take(outcome, plan(for: outcome.endpoint, outcome.live)) }

    func record(_ outcome: borrowing PredictionOutcome, whenKept done: @escaping @Sendable (Bool) -> Void) {
        let plan = plan(for: outcome.endpoint, outcome.live)
        let losses = plan.counters.losses
        switch take(outcome, plan) {
        case .taken: log.tellWhenDurable(DurableWait(plan, losses: losses, done: done))
        case .leftOut: done(true)
        case .dropped: done(false)
        }
    }

    private func take(_ outcome: borrowing PredictionOutcome, _ plan: LogPlan) -> Fate {
        let counters = plan.counters
        counters.offer()
        guard plan.keeps(outcome.id) else {
            counters.leaveOut()
            if plan.isObserved { show(outcome, plan, RecordCoding.most(for: outcome, withTensors: true)) }
            return .leftOut
        }
        let isUnderPressure = counters.isPressed || ring.fill > 0.5
        if isUnderPressure, plan.settings.logWhenFull == .sample, !plan.settings.logDurable,
            !plan.keepsUnderPressure(outcome.id)
        {
            counters.drop(.pressure)
            return .dropped
        }
        guard append(outcome, plan) else {
            counters.drop(.ring)
            return .dropped
        }
        log.wake()
        return .taken
    }

    /// Has a prediction counted that the log does not keep, or not all of.
    ///
    /// - Parameter byteCount: Of all of it, at most.
    private func show(_ outcome: borrowing PredictionOutcome, _ plan: LogPlan, _ byteCount: Int) {
        guard ring.fill < 0.5, case .success = outcome.result, outcome.rowCount > 0,
            byteCount <= Self.longestCounted, byteCount / outcome.rowCount <= Self.widestCounted
        else { return }
        if append(outcome, plan, mark: Self.observedOnly, byteCount) { log.wake() }
    }

    private func append(_ outcome: borrowing PredictionOutcome, _ plan: LogPlan) -> Bool {
        let byteCount = RecordCoding.most(for: outcome, withTensors: true)
        guard byteCount > Self.longestTensors else { return append(outcome, plan, mark: 0, byteCount) }
        if plan.isObserved { show(outcome, plan, byteCount) }
        return append(
            outcome, plan, mark: 0, RecordCoding.most(for: outcome, withTensors: false), withTensors: false)
    }

    /// - Returns: `false` where there is no room.
    private func append(
        _ outcome: borrowing PredictionOutcome, _ plan: LogPlan, mark: UInt32, _ byteCount: Int,
        withTensors: Bool = true
    ) -> Bool {
        var (code, status) = ("", PredictionStatus.answered)
        if case .failure(let failure) = outcome.result {
            (code, status) = (failure.code.rawValue, PredictionStatus(failure.kind))
        }
        let time = now() - Int64(outcome.times.total / 1000)
        return unsafe ring.append(atMost: byteCount + 4) { buffer in
            unsafe buffer.storeBytes(of: UInt32(plan.number) | mark, as: UInt32.self)
            var pen = unsafe BytePen(UnsafeMutableRawBufferPointer(rebasing: buffer[4...]))
            RecordCoding.write(
                outcome, code: code, status: status, time: time, withTensors: withTensors, to: &pen)
            return pen.count + 4
        }
    }

    func mustRefuse(_ endpoint: EndpointState) -> Bool {
        let settings = endpoint.record.settings
        guard settings.logWhenFull == .block || settings.logDurable, !settings.logSample.isNothing else { return false }
        return plan(for: endpoint, endpoint.live).counters.isPressed || ring.fill > 0.75
    }

    private func plan(for state: EndpointState, _ live: LiveVersion?) -> LogPlan {
        if let last, last.serial == state.serial { return last.plan }
        let plan = plans[state.serial] ?? log.plan(for: state, live)
        // Those of deployments that are gone are not told from others: all are made again now and then.
        if plans.count > 1024 { plans.removeAll() }
        plans[state.serial] = plan
        last = (state.serial, plan)
        return plan
    }

    private func now() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
