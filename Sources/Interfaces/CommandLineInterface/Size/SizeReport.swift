// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import Foundation
internal import LoadGenerator
internal import ModelDomain

/// What `slipway size` prints. Times are in microseconds.
struct SizeReport: Encodable {
    let server: String
    let endpoint: String
    let objectives: [Goal]
    /// Percent of the requests.
    let availability: Double
    /// The rate that was to hold; absent where the highest was looked for.
    let wantedPerSecond: Double?
    let marginPercent: Double
    /// Whether the objectives hold, at the wanted rate where there is one.
    let holds: Bool
    /// And with the margin above it.
    let holdsWithMargin: Bool
    let setting: [String: String]
    let knee: KneeRates
    /// Of the server, for 1000 requests a second at this setting; absent when it is on another machine.
    let coresPerThousand: Double?
    let residentBytes: Int?
    let yaml: String
    let command: String
    let steps: [Step]
    let warnings: [String]

    struct Goal: Encodable {
        let quantile: String
        let microseconds: Double
    }

    /// Requests a second.
    struct KneeRates: Encodable {
        /// The highest rate that held; absent when none did.
        let perSecond: Double?
        /// Up to where every step held, and from where on none did.
        let surelyHeldPerSecond: Double?
        let surelyFailedPerSecond: Double?
        let isNoisy: Bool
        /// What kept higher rates from holding: `server`, `generator`, `highestRate` or `patience`.
        let limit: Knee.Limit
    }

    struct Step: Encodable {
        let facts: SizeStep
        /// `held`, or what it missed.
        let verdict: String
        let held: Bool
    }

    init(_ run: SizeRun, _ result: SizeRun.Result) {
        let (level, grid) = (run.level, result.grid)
        let knee = result.sizing.searches[result.chosen].knee
        server = run.client.url
        endpoint = run.subject.endpoint.rawValue
        objectives = level.latencies.map {
            Goal(quantile: $0.quantile.rawValue, microseconds: Double($0.time.nanoseconds) / 1000)
        }
        availability = level.availability.share * 100
        wantedPerSecond = run.wanted
        marginPercent = run.margin.share * 100
        holds = result.isEnough
        let withMargin = run.wanted.map { grid.index(upTo: $0 * (1 + run.margin.share)) }
        holdsWithMargin = withMargin.map { wanted in knee.held.map { $0 >= wanted } ?? false } ?? result.isEnough
        let chosen = result.settings.candidates[result.chosen]
        setting = chosen
        self.knee = KneeRates(
            perSecond: knee.held.map(grid.rate), surelyHeldPerSecond: knee.surelyHeld.map(grid.rate),
            surelyFailedPerSecond: knee.surelyFailed.map(grid.rate), isNoisy: knee.isNoisy, limit: knee.limit)
        let own = result.steps.filter { $0.setting == chosen }
        coresPerThousand = Self.coresPerThousand(own, below: knee.held.map(grid.rate))
        residentBytes = result.memory
        yaml = settingYAML(chosen, of: run.subject.endpoint)
        command = settingCommand(chosen, of: run.subject.endpoint, server: run.server)
        steps = result.steps.map { step in
            let verdict = SizeVerdict(step, of: level)
            return Step(facts: step, verdict: verdict.text(step, of: level), held: verdict == .held)
        }
        warnings = SizeWarnings(run, result, own: own, knee: knee, holdsWithMargin: holdsWithMargin).texts
    }

    /// From the busier half of the steps that held: a server that has little to do spends more on each request.
    private static func coresPerThousand(_ steps: [SizeStep], below knee: Double?) -> Double? {
        guard let knee else { return nil }
        let counted = steps.filter { (knee / 2...knee * 1.001).contains($0.askedPerSecond) && !$0.wasStopped }
        let answered = counted.reduce(0.0) { $0 + Double($1.answered) }
        let used = counted.reduce(Double?.some(0)) { sum, step in
            sum.flatMap { sum in step.serverCores.map { sum + $0 * step.seconds } }
        }
        return answered > 0 ? used.map { $0 / answered * 1000 } : nil
    }
}

extension SizeVerdict {
    /// `holds`, `p99 31 ms`, `97.2 % answered`, `falls behind`, `this program is the limit`
    func text(_ step: SizeStep, of level: ServiceLevel) -> String {
        switch self {
        case .held: "holds"
        case .slow(let quantile):
            step.wasStopped
                ? "\(quantile.rawValue) exceeded, stopped"
                : "\(quantile.rawValue) \(durationText(microseconds: quantile.microseconds(of: step.latency)))"
        case .unanswered:
            String(
                format: "%.4g %% answered", step.requests > 0 ? Double(step.answered) / Double(step.requests) * 100 : 0)
                + (step.wasStopped ? ", stopped" : "")
        case .behind: "falls behind"
        case .beyondGenerator: "this program is the limit"
        }
    }
}
