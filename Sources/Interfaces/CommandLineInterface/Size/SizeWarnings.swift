// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// What a person should know before they believe the figures.
struct SizeWarnings {
    let texts: [String]

    /// - Parameters:
    ///   - own: The steps of the setting that was chosen.
    ///   - knee: Of that setting.
    init(
        _ run: SizeRun, _ result: SizeRun.Result, own: [SizeStep], knee: Knee, holdsWithMargin: Bool
    ) {
        let found: [String?] = [
            Self.margin(run, holds: result.isEnough && !holdsWithMargin),
            knee.isNoisy ? Self.noise(knee, result.grid) : nil,
            Self.limit(knee),
            Self.sharing(run, own),
            Self.connections(run, own, knee, result.grid),
            Self.thinness(run, own),
            Self.lifted(result),
            Self.foreign(result),
            run.subject.source == .generated
                ? "the rows are made up from the signature: real ones may cost more or less." : nil,
        ]
        texts = found.compactMap(\.self)
    }

    private static func margin(_ run: SizeRun, holds isShort: Bool) -> String? {
        isShort ? "the wanted rate holds, but not with \(run.margin) above it." : nil
    }

    private static func noise(_ knee: Knee, _ grid: RateGrid) -> String {
        func text(_ index: Int?) -> String { index.map { rateText(grid.rate($0)) } ?? "unknown" }
        return "the knee is noisy: every step held up to \(text(knee.surelyHeld)) only, and from "
            + "\(text(knee.surelyFailed)) on none did. Longer steps (--step-time) and a quiet machine narrow it."
    }

    private static func limit(_ knee: Knee) -> String? {
        switch knee.limit {
        case .server: nil
        case .generator:
            "beyond the knee this program could not send fast enough, so that the endpoint may hold more. Run it on "
                + "another machine, or use a release build."
        case .highestRate: "no higher rate was tried, so that the endpoint may hold more."
        case .patience:
            "the search was ended after \(KneeSearch.stepLimit) steps, because they kept disagreeing: the machine is too "
                + "busy with something else."
        }
    }

    /// Where both are on one machine the load takes cores from the server.
    private static func sharing(_ run: SizeRun, _ own: [SizeStep]) -> String? {
        guard run.serverProcess != nil else { return nil }
        let cores = ProcessInfo.processInfo.activeProcessorCount
        guard let busiest = own.filter({ !$0.wasStopped }).max(by: { $0.totalCores < $1.totalCores }) else {
            return nil
        }
        let isFull = busiest.totalCores > 0.85 * Double(cores)
        return "this program and the server share \(cores) cores: at \(rateText(busiest.askedPerSecond)) it used "
            + "\(coresText(busiest.ownCores)) itself, the server \(coresText(busiest.serverCores ?? 0))"
            + (isFull ? ". That was all there is: from another machine the endpoint holds more." : ".")
    }

    private static func connections(_ run: SizeRun, _ own: [SizeStep], _ knee: Knee, _ grid: RateGrid) -> String? {
        guard let failed = knee.failed.map(grid.rate) else { return nil }
        let beside = own.filter { abs($0.askedPerSecond - failed) < failed * 0.001 }
        guard !beside.isEmpty,
            beside.allSatisfy({ $0.isShortOfConnections && $0.achievedPerSecond > 0.99 * $0.askedPerSecond })
        else { return nil }
        return "beyond the knee requests waited for one of the \(run.connections) connections although the server kept "
            + "up: try more with --connections."
    }

    private static func thinness(_ run: SizeRun, _ own: [SizeStep]) -> String? {
        let needed = run.level.requestsNeeded
        let held = own.filter { SizeVerdict($0, of: run.level) == .held }
        guard let fewest = held.suffix(KneeSearch.repeats).map(\.requests).min(), fewest < needed else { return nil }
        return "steps at the knee had \(fewest) requests, and \(needed) would make their quantiles mean something: "
            + "raise --step-time."
    }

    private static func lifted(_ result: SizeRun.Result) -> String? {
        let names = result.settings.meanwhile.keys.sorted()
        guard !names.isEmpty else { return nil }
        return
            "\(names.joined(separator: " and ")) was set to none while measuring: a single caller with few rows would "
            + "have met it as real ones do not."
    }

    private static func foreign(_ result: SizeRun.Result) -> String? {
        let count = result.steps.reduce(0) { $0 + $1.foreign }
        if count > 0 { return "\(count) requests of others came meanwhile: they took part of what was measured." }
        return result.othersAreAsked
            ? "other endpoints of the server were asked meanwhile: they took part of what was measured." : nil
    }
}

extension SizeStep {
    fileprivate var totalCores: Double { ownCores + (serverCores ?? 0) }
}
