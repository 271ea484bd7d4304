// SPDX-License-Identifier: Apache-2.0
internal import Histogram

/// Why a request that was scheduled has no answer that counts.
package enum LoadFailure: String, Sendable, CaseIterable {
    /// The connection ended before the answer did.
    case connectionClosed = "connection closed"
    /// No answer until the end of the run and its patience.
    case timedOut = "timed out"
    /// No connection became free for it.
    case notSent = "not sent"
    /// Status 200 with something that is no JSON object.
    case notAnAnswer = "not an answer"
}

/// What a run found.
package struct LoadRecord: Sendable {
    /// The longest time that is told apart: an hour.
    private static let longest: UInt64 = 3_600_000_000_000

    /// From the moment a request was to be sent to the end of its answer; status 200 only.
    private var latencies = Self.emptyHistogram
    /// From the moment a request was sent to the end of its answer; status 200 only.
    private var serviceTimes = Self.emptyHistogram

    package private(set) var scheduled = 0
    package private(set) var sent = 0
    /// Answers of any status.
    package private(set) var answered = 0
    /// Requests that were due when no connection was free.
    package private(set) var waited = 0
    /// Requests that the sender itself sent more than a millisecond late.
    package private(set) var sentLate = 0
    package private(set) var statuses: [Int: Int] = [:]
    package private(set) var failures: [LoadFailure: Int] = [:]
    /// From the start to the end of the schedule, or to the last answer if that came later.
    package private(set) var nanoseconds = 0
    /// Whether it ended before its schedule did: it was hopeless, or nobody wants it any more.
    package private(set) var wasStopped = false
    /// The first good answer to each of the first requests' bodies, by index.
    package private(set) var samples: [Int: LoadAnswer] = [:]

    package init() {}

    private static var emptyHistogram: Histogram<UInt64> {
        Histogram<UInt64>(highestTrackableValue: longest, numberOfSignificantValueDigits: .three)
    }

    package var latency: LatencySummary { LatencySummary(latencies) }
    package var serviceTime: LatencySummary { LatencySummary(serviceTimes) }

    /// Answers with status 200.
    package var good: Int { statuses[200] ?? 0 }

    /// Good answers a second.
    package var achievedPerSecond: Double {
        nanoseconds > 0 ? Double(good) / (Double(nanoseconds) / 1e9) : 0
    }

    mutating func noteSchedule(_ schedule: LoadSchedule) { scheduled += schedule.count }

    mutating func noteSending(delay: Int, waited hasWaited: Bool) {
        sent += 1
        if hasWaited { waited += 1 }
        if delay > 1_000_000 { sentLate += 1 }
    }

    mutating func noteAnswer(status: Int, latency: Int, serviceTime: Int) {
        answered += 1
        statuses[status, default: 0] += 1
        guard status == 200 else { return }
        latencies.record(Self.value(latency))
        serviceTimes.record(Self.value(serviceTime))
    }

    mutating func note(_ failure: LoadFailure, count: Int = 1) {
        if count > 0 { failures[failure, default: 0] += count }
    }

    mutating func noteSample(_ answer: LoadAnswer, of body: Int) { samples[body] = answer }

    /// Requests that had not come due yet were not wanted any more.
    mutating func noteStop(notDue: Int) {
        wasStopped = true
        scheduled -= notDue
    }

    mutating func noteEnd(nanoseconds: Int) { self.nanoseconds += nanoseconds }

    /// Takes in what another piece of the same run found.
    package mutating func add(_ other: LoadRecord) {
        latencies.add(other.latencies)
        serviceTimes.add(other.serviceTimes)
        scheduled += other.scheduled
        sent += other.sent
        answered += other.answered
        waited += other.waited
        sentLate += other.sentLate
        statuses.merge(other.statuses, uniquingKeysWith: +)
        failures.merge(other.failures, uniquingKeysWith: +)
        nanoseconds += other.nanoseconds
        wasStopped = wasStopped || other.wasStopped
        samples.merge(other.samples) { first, _ in first }
    }

    private static func value(_ nanoseconds: Int) -> UInt64 { min(UInt64(max(nanoseconds, 0)), longest) }
}

/// An answer as it came.
package struct LoadAnswer: Sendable {
    package let body: [UInt8]
    /// The length of the JSON in front, where binary tensors follow it.
    package let jsonByteCount: Int?
}

/// How long things took, in microseconds, correct to three digits; all 0 when nothing was measured.
package struct LatencySummary: Sendable, Equatable, Encodable {
    package let p50: Double
    package let p90: Double
    package let p99: Double
    package let p999: Double
    package let max: Double

    init(_ histogram: Histogram<UInt64>) {
        func microseconds(_ percentile: Double) -> Double {
            histogram.totalCount == 0 ? 0 : Double(histogram.valueAtPercentile(percentile)) / 1000
        }
        p50 = microseconds(50)
        p90 = microseconds(90)
        p99 = microseconds(99)
        p999 = microseconds(99.9)
        max = microseconds(100)
    }
}
