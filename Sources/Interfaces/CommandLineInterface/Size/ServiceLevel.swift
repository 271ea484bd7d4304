// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import LoadGenerator
internal import ModelDomain

/// A part of the answers that is bounded in time.
enum Quantile: String, CaseIterable, Comparable {
    case p50
    case p90
    case p99
    case p999 = "p99.9"

    /// Of a thousand requests, how many may take longer.
    var slowerOfThousand: Int {
        switch self {
        case .p50: 500
        case .p90: 100
        case .p99: 10
        case .p999: 1
        }
    }

    func microseconds(of summary: LatencySummary) -> Double {
        switch self {
        case .p50: summary.p50
        case .p90: summary.p90
        case .p99: summary.p99
        case .p999: summary.p999
        }
    }

    static func < (left: Self, right: Self) -> Bool { left.slowerOfThousand > right.slowerOfThousand }
}

/// One thing that has to hold: `p99=20ms`, `availability=99.9%`.
enum Objective: ExpressibleByArgument, Equatable {
    static let form = "p50, p90, p99 or p99.9 with a time, as in p99=20ms; or availability=99.9%"

    case latency(Quantile, TimeSpan)
    case availability(Percentage)

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        if parts[0] == "availability" {
            guard let share = Percentage(argument: String(parts[1])), (1...100_000).contains(share.thousandths)
            else { return nil }
            self = .availability(share)
        } else {
            guard let quantile = Quantile(rawValue: String(parts[0])), let time = TimeSpan(parts[1]) else { return nil }
            self = .latency(quantile, time)
        }
    }
}

/// What has to hold at a rate: how long answers take, and how many requests get one.
struct ServiceLevel: Equatable {
    static let usualAvailability = Percentage(thousandths: 99_900)
    /// So many requests beyond a quantile make it mean something.
    static let requestsBeyond = 20

    struct Latency: Equatable {
        let quantile: Quantile
        let time: TimeSpan
    }

    /// The lowest quantile first; never empty.
    let latencies: [Latency]
    /// The share of requests that are answered; those that are refused are not.
    let availability: Percentage

    /// - Throws: `ValidationError` when there is no time among them, or one is said twice.
    init(_ objectives: [Objective]) throws {
        var latencies: [Latency] = []
        var availability: Percentage?
        for objective in objectives {
            switch objective {
            case .latency(let quantile, let time):
                guard !latencies.contains(where: { $0.quantile == quantile }) else {
                    throw ValidationError("--slo says \(quantile.rawValue) twice.")
                }
                latencies.append(Latency(quantile: quantile, time: time))
            case .availability(let share):
                guard availability == nil else { throw ValidationError("--slo says availability twice.") }
                availability = share
            }
        }
        guard !latencies.isEmpty else {
            throw ValidationError("Say with --slo how long answers may take, as in --slo p99=20ms.")
        }
        self.latencies = latencies.sorted { $0.quantile < $1.quantile }
        self.availability = availability ?? Self.usualAvailability
    }

    /// `p99 ≤ 20ms, 99.9% answered`
    var text: String {
        (latencies.map { "\($0.quantile.rawValue) ≤ \($0.time)" } + ["\(availability) answered"])
            .joined(separator: ", ")
    }

    /// The longest time that any objective allows.
    var longest: TimeSpan { latencies.map(\.time).max() ?? .longest }

    /// How many requests a step needs: ``requestsBeyond`` beyond each quantile, and so many that a single failure does not
    /// exceed what the availability allows.
    var requestsNeeded: Int {
        let quantiles = latencies.map { Self.requestsBeyond * 1000 / $0.quantile.slowerOfThousand }
        let missing = 100_000 - availability.thousandths
        return max(quantiles.max() ?? 1, missing == 0 ? 1 : (100_000 + missing - 1) / missing)
    }

    /// What a step with so many requests may at most leave late or unanswered.
    func limits(forRequests count: Int) -> LoadLimits {
        LoadLimits(
            latencies: latencies.map { latency in
                .init(
                    nanoseconds: latency.time.nanoseconds,
                    allowed: count * latency.quantile.slowerOfThousand / 1000)
            },
            failuresAllowed: count * (100_000 - availability.thousandths) / 100_000)
    }
}
