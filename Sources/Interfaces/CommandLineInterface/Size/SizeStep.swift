// SPDX-License-Identifier: Apache-2.0
internal import LoadGenerator
internal import ModelDomain

/// What came of one step: a setting, asked at a rate. Times are in microseconds.
struct SizeStep: Encodable {
    let setting: [String: String]
    let askedPerSecond: Double
    let achievedPerSecond: Double
    let requests: Int
    /// Good answers.
    let answered: Int
    /// Turned away by the server: status 429, 503 or 504.
    let refused: Int
    let latency: LatencySummary
    let serviceTime: LatencySummary
    /// Sent over a millisecond late by this program, and sent when every connection was busy.
    let sentLate: Int
    let waitedForConnection: Int
    let wasStopped: Bool
    /// Processor cores that the server used, with its workers; absent when it is on another machine.
    let serverCores: Double?
    /// That this program used: it sends from one thread, so that 1 is all there is.
    let ownCores: Double
    /// Requests that the endpoint counted and this program did not send.
    let foreign: Int
    let seconds: Double

    init(
        _ record: LoadRecord, setting: [String: String], rate: Double, serverCores: Double?, ownCores: Double,
        foreign: Int
    ) {
        self.setting = setting
        askedPerSecond = rate
        achievedPerSecond = record.achievedPerSecond
        requests = record.scheduled
        answered = record.good - (record.failures[.notAnAnswer] ?? 0)
        refused = [429, 503, 504].reduce(0) { $0 + (record.statuses[$1] ?? 0) }
        latency = record.latency
        serviceTime = record.serviceTime
        sentLate = record.sentLate
        waitedForConnection = record.waited
        wasStopped = record.wasStopped
        self.serverCores = serverCores
        self.ownCores = ownCores
        self.foreign = foreign
        seconds = Double(record.nanoseconds) / 1e9
    }

    /// Whether more than one request in a hundred was late by this program's own fault.
    var isSentLate: Bool { sentLate * 100 > requests }
    var isShortOfConnections: Bool { waitedForConnection * 100 > requests }
    /// Whether answers were still to come when the slowest one after the last request could have been there: what had
    /// piled up by then, more than a tenth of the step, would have grown for as long as it lasted.
    var isBehind: Bool {
        let scheduled = Double(requests) / askedPerSecond
        return seconds > scheduled * 1.1 + serviceTime.max / 1e6
    }
}

/// Whether a step kept its objectives, and if not, which one it missed first.
enum SizeVerdict: Equatable {
    case held
    /// An answer at this quantile took longer.
    case slow(Quantile)
    /// Too few were answered.
    case unanswered
    /// In time, because the step was short: fewer were answered than were sent for as long as it lasted.
    case behind
    /// This program could not send as it should have: nothing is said about the server.
    case beyondGenerator

    init(_ step: SizeStep, of level: ServiceLevel) {
        let slow = level.latencies.first { $0.isExceeded(by: step.latency) }?.quantile
        let isAvailable = step.requests > 0 && Double(step.answered) >= Double(step.requests) * level.availability.share
        guard slow != nil || !isAvailable || step.wasStopped || step.isBehind else {
            self = .held
            return
        }
        // Answers came in time once their requests were sent, and those were sent late though connections were free.
        let isQuickOnceSent =
            isAvailable && step.isSentLate && !step.isShortOfConnections
            && !level.latencies.contains { $0.isExceeded(by: step.serviceTime) }
        if isQuickOnceSent || step.ownCores > 0.9 {
            self = .beyondGenerator
        } else if let slow {
            self = .slow(slow)
        } else if isAvailable && !step.wasStopped {
            self = .behind
        } else if !isAvailable && step.refused > 0 {
            self = .unanswered
        } else {
            // Stopped because requests were overdue: they would have been slow.
            self = step.wasStopped ? .slow(level.latencies[0].quantile) : .unanswered
        }
    }

    var outcome: KneeSearch.Outcome {
        switch self {
        case .held: .held
        case .slow, .unanswered, .behind: .missed
        case .beyondGenerator: .beyondGenerator
        }
    }
}

extension ServiceLevel.Latency {
    fileprivate func isExceeded(by summary: LatencySummary) -> Bool {
        quantile.microseconds(of: summary) * 1000 > Double(time.nanoseconds)
    }
}
