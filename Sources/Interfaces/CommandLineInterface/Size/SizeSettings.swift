// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain

/// Which settings of an endpoint are tried, from the smallest on.
///
/// Only keys that the server names are used, so that servers with more or fewer of them are sized alike.
struct SizeSettings: Equatable {
    /// Models whose row takes longer than this are not tried on the event loops: everybody else there would wait.
    static let longestInlineMicroseconds = 1000.0

    /// What each candidate sets, smallest first; never empty. An empty one changes nothing.
    let candidates: [[String: String]]
    /// What is set while measuring, and is no part of what is recommended: limits that one caller with few rows meets and
    /// many callers with many rows do not.
    let meanwhile: [String: String]

    /// - Parameters:
    ///   - present: The endpoint's settings, as the server tells them.
    ///   - placedByServer: Where the server itself would run a call with one row: `inline` or `lane`.
    ///   - highest: The most runs at once to try.
    init(
        present: [String: String], placedByServer: String?, oneRowMicroseconds: Double?, level: ServiceLevel,
        highest: Int
    ) {
        func only(_ texts: [String: String]) -> [String: String] { texts.filter { present[$0.key] != nil } }
        var common: [String: String] = [:]
        for latency in level.latencies { common[latency.quantile.rawValue] = "\(latency.time)" }
        let isLight = placedByServer == "inline"
        let batchings = ["auto", "off"]
        var candidates: [[String: String]] = []
        if isLight { candidates.append(["run_on": "auto"]) }
        for concurrency in Self.ladder(to: highest) {
            for batching in batchings {
                candidates.append([
                    "run_on": isLight ? "lane" : "auto", "concurrency": "\(concurrency)", "batching": batching,
                ])
            }
        }
        if !isLight, let oneRowMicroseconds, oneRowMicroseconds < Self.longestInlineMicroseconds {
            candidates.append(["run_on": "inline"])
        }
        var seen: Set<[String: String]> = []
        self.candidates = candidates.map { only($0.merging(common) { $1 }) }.filter { seen.insert($0).inserted }
        meanwhile = only(["rate_per_client": "none", "cache": "none"]).filter { present[$0.key] != $0.value }
    }

    /// 1, 2, 3, 4, 6, 8, 12, 16, … up to `highest`, which is one of them.
    static func ladder(to highest: Int) -> [Int] {
        var rungs = [1]
        var power = 2
        while power < highest {
            rungs += power == 2 ? [2] : [power / 4 * 3, power]
            power *= 2
        }
        if highest > 1 {
            if power / 4 * 3 > 2, power / 4 * 3 < highest { rungs.append(power / 4 * 3) }
            rungs.append(highest)
        }
        return rungs
    }
}

/// `concurrency 2, run_on lane`; `as it is` for no change.
func settingText(_ setting: [String: String]) -> String {
    setting.isEmpty
        ? "as it is" : setting.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
}

/// A setting as it stands in slipway.yaml, under the endpoint's name.
func settingYAML(_ setting: [String: String], of endpoint: EndpointName) -> String {
    let limits = Set(EndpointSettings.Key.limits.map(\.rawValue))
    let objectives = Set(Quantile.allCases.map(\.rawValue))
    let pairs = setting.sorted { $0.key < $1.key }
    func group(_ name: String, _ keys: Set<String>) -> [String] {
        let own = pairs.filter { keys.contains($0.key) }.map { "\($0.key): \($0.value)" }
        return own.isEmpty ? [] : ["    \(name): {\(own.joined(separator: ", "))}"]
    }
    let others = pairs.filter { !limits.contains($0.key) && !objectives.contains($0.key) }
        .map { "    \($0.key): \($0.value)" }
    let lines = ["endpoints:", "  \(endpoint):"] + group("limits", limits) + group("slo", objectives) + others
    return lines.joined(separator: "\n")
}

/// The command that sets it.
///
/// - Parameter server: What names the server again, with a blank before it.
func settingCommand(_ setting: [String: String], of endpoint: EndpointName, server: String) -> String {
    let options = setting.sorted { $0.key < $1.key }.map { key, value in
        " --\(key.replacing("_", with: "-")) \(shellWord(value))"
    }
    return "slipway endpoint set \(endpoint)" + options.joined() + server
}
