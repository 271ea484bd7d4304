// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import LoadGenerator
internal import ModelDomain

/// What `slipway bench` prints. Times are in microseconds.
struct BenchReport: Encodable {
    let server: String
    let body: BenchBody
    let connections: Int
    let askedPerSecond: Double
    let seconds: Double
    let warmUpSeconds: Double
    let endpoints: [Endpoint]
    /// The share of one core that this program used.
    let ownProcessorShare: Double?
    let warnings: [String]

    struct Endpoint: Encodable {
        let endpoint: String
        let rows: BenchSubject.Source
        let rowCount: Int
        let scheduled: Int
        let sent: Int
        let achievedPerSecond: Double
        /// Answers by HTTP status.
        let statuses: [String: Int]
        let failures: [String: Int]
        /// From the moment a request was to be sent.
        let latency: LatencySummary
        /// From the moment it was sent.
        let serviceTime: LatencySummary
        let waitedForConnection: Int
        let sentLate: Int
        let answersChecked: Int
        let answersAgreed: Int
        let firstDifference: String?
        /// Of the server's process; absent when it is on another machine.
        let processorPerRequest: Double?
        let costPerMillion: Double?
    }

    /// - Parameter costPerHour: Of this machine.
    init(_ run: BenchRun, _ result: BenchRun.Result, server: String, costPerHour: Double?) {
        self.server = server
        body = run.body
        connections = run.connections
        askedPerSecond = run.rate.perSecond
        seconds = run.seconds
        warmUpSeconds = run.warmUpSeconds
        ownProcessorShare = result.ownShare
        let cores = Double(ProcessInfo.processInfo.activeProcessorCount)
        endpoints = result.outcomes.map { Endpoint($0, costPerHour: costPerHour, cores: cores) }
        warnings = Self.warnings(endpoints, ownShare: result.ownShare, connections: run.connections)
    }

    private static func warnings(_ endpoints: [Endpoint], ownShare: Double?, connections: Int) -> [String] {
        var warnings: [String] = []
        if let ownShare, ownShare > 0.9 {
            warnings.append(
                "this program used \(Int(ownShare * 100)) % of a core: the times may be its own. Ask for less.")
        }
        for endpoint in endpoints {
            if endpoint.sentLate * 100 > endpoint.scheduled {
                warnings.append(
                    "\(endpoint.endpoint): \(endpoint.sentLate) of \(endpoint.sent) requests were sent over 1 ms late by "
                        + "this program itself: it could not keep the schedule. Latency includes that delay.")
            }
            if endpoint.waitedForConnection * 100 > endpoint.scheduled {
                warnings.append(
                    "\(endpoint.endpoint): \(endpoint.waitedForConnection) of \(endpoint.sent) requests waited until one "
                        + "of the \(connections) connections was free. Latency includes the wait.")
            }
            if endpoint.answersAgreed < endpoint.answersChecked {
                warnings.append(
                    "\(endpoint.endpoint): \(endpoint.answersChecked - endpoint.answersAgreed) of "
                        + "\(endpoint.answersChecked) answers are not right: \(endpoint.firstDifference ?? "")")
            }
        }
        return warnings
    }
}

extension BenchReport.Endpoint {
    fileprivate init(_ outcome: BenchRun.Outcome, costPerHour: Double?, cores: Double) {
        let record = outcome.record
        endpoint = outcome.subject.endpoint.rawValue
        rows = outcome.subject.source
        rowCount = outcome.subject.rows.count
        scheduled = record.scheduled
        sent = record.sent
        achievedPerSecond = record.achievedPerSecond
        statuses = Dictionary(uniqueKeysWithValues: record.statuses.map { (String($0.key), $0.value) })
        failures = Dictionary(uniqueKeysWithValues: record.failures.map { ($0.key.rawValue, $0.value) })
        latency = record.latency
        serviceTime = record.serviceTime
        waitedForConnection = record.waited
        sentLate = record.sentLate
        answersChecked = outcome.checked
        answersAgreed = outcome.agreed
        firstDifference = outcome.firstDifference
        let perRequest = record.answered > 0 ? outcome.processorSeconds.map { $0 / Double(record.answered) } : nil
        processorPerRequest = perRequest.map { $0 * 1e6 }
        costPerMillion = costPerHour.flatMap { price in perRequest.map { price / 3600 / cores * $0 * 1e6 } }
    }
}
