// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import LoadGenerator
internal import ModelDomain

extension SizeReport {
    /// For people: what was tried, what was found, and what to copy.
    func text(_ level: ServiceLevel) -> String {
        var parts = [table(level).text, sentence(level)]
        if !costs.isEmpty { parts.append(costs) }
        if knee.perSecond != nil, !setting.isEmpty {
            parts.append("in slipway.yaml:\n\n\(yaml)\n\nor at once:\n\n\(command)")
        }
        return parts.joined(separator: "\n\n")
    }

    private func table(_ level: ServiceLevel) -> Table {
        let quantiles = Set(level.latencies.map(\.quantile)).union([.p50, .p99]).sorted()
        return Table(
            header: ["SETTING", "ASKED", "ACHIEVED"] + quantiles.map { $0.rawValue.uppercased() }
                + ["REFUSED", "SERVER CPU", "VERDICT"],
            rows: steps.map { step in
                let facts = step.facts
                return [settingText(facts.setting), rateText(facts.askedPerSecond), rateText(facts.achievedPerSecond)]
                    + quantiles.map { durationText(microseconds: $0.microseconds(of: facts.latency)) }
                    + ["\(facts.refused)", facts.serverCores.map(coresText) ?? "—", step.verdict]
            }, numbers: Set(1...quantiles.count + 4))
    }

    private func sentence(_ level: ServiceLevel) -> String {
        guard let held = knee.perSecond else {
            return "\(endpoint) held \(level.text) at no rate that was tried."
        }
        let isOpen = knee.limit == .generator || knee.limit == .highestRate
        var text = "\(endpoint) holds \(level.text) up to \(isOpen ? "at least " : "")\(rateText(held))"
        if let low = knee.surelyHeldPerSecond, let high = knee.surelyFailedPerSecond, !isOpen {
            text += " (the knee is between \(rateText(low)) and \(rateText(high)))"
        }
        text += setting.isEmpty ? " as it is set." : " with \(settingText(setting))."
        if let wanted = wantedPerSecond {
            let percent = (held / wanted - 1) * 100
            text +=
                percent > -0.01
                ? " That is \(Int(max(percent, 0).rounded())) % above the \(rateText(wanted)) that are wanted."
                : " \(rateText(wanted)) are wanted: no setting that was tried is enough."
        }
        return text
    }

    private var costs: String {
        var facts: [String] = []
        if let coresPerThousand {
            facts.append("\(coresText(coresPerThousand)) cores of the server for 1000 requests/s")
        }
        if let residentBytes { facts.append("\(byteText(residentBytes)) of memory") }
        return facts.joined(separator: ", ")
    }
}

/// `  concurrency 2  640/s  p99 3.1 ms  holds`, for a person who watches.
func progressText(_ step: SizeStep, _ verdict: SizeVerdict) -> String {
    let word =
        switch verdict {
        case .held: "holds"
        case .slow, .unanswered, .behind: "does not hold"
        case .beyondGenerator: "is more than this program can send"
        }
    return "\(settingText(step.setting)): \(rateText(step.askedPerSecond)) \(word), "
        + "p99 \(durationText(microseconds: step.latency.p99))"
}

/// `0.5/s`, `512/s`, `12300/s`: three digits.
func rateText(_ perSecond: Double) -> String {
    guard perSecond >= 100 else { return String(format: "%.3g/s", perSecond) }
    let unit = pow(10, (log10(perSecond).rounded(.down) - 2))
    return String(format: "%.0f/s", (perSecond / unit).rounded() * unit)
}

func coresText(_ cores: Double) -> String { String(format: "%.2f", cores) }
