// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import WireTypes

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what answers, how much is asked of it, and what is the matter.",
        discussion: "Example: slipway status --format json")

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let client = try await server.client()
        let (status, now) = (try await client.status(), try Tools.required().time)
        try output.write(status, asText: statusText(status, url: client.url, at: now))
    }
}

private func statusText(_ status: StatusV1, url: String, at now: Timestamp) -> String {
    var parts = [Table(rows: facts(status, url: url, at: now)).text]
    guard !status.endpoints.isEmpty else {
        return (parts + ["No endpoints yet: deploy a model with `slipway deploy FILE`."]).joined(separator: "\n\n")
    }
    let table = TrafficTable(status.endpoints.map(TrafficRow.init))
    parts.append(([table.header] + table.lines).joined(separator: "\n"))
    parts += status.endpoints.compactMap(whyNotReady)
    return parts.joined(separator: "\n\n")
}

private func facts(_ status: StatusV1, url: String, at now: Timestamp) -> [[String]] {
    let memory = status.residentBytes.map { ", \(byteText($0))" } ?? ""
    let engines = status.engines.map { engine in
        if let problem = engine.problem { return "\(engine.name) cannot be used: \(problem.explanation.line)" }
        return engine.name + (engine.version.map { " \($0)" } ?? "")
    }
    var facts = [
        [
            "server",
            "\(url), version \(status.version), up \(uptimeText(seconds: status.uptimeSeconds(at: now))), "
                + "process \(status.processID)\(memory)" + (status.ready ? "" : ", not ready"),
        ],
        ["engines", engines.isEmpty ? "none" : engines.joined(separator: ", ")],
    ]
    if let used = status.modelBytes {
        facts.append(
            ["models", byteText(used) + (status.memoryBudgetBytes.map { " of at most \(byteText($0))" } ?? "")])
    }
    if let alerts = status.alerts {
        facts.append(["alerts", alertsText(alerts) + (alerts.isEmpty ? "" : "; see `slipway alert list`")])
    }
    if let seconds = status.endpoints.first?.recent?.seconds {
        facts.append(["traffic", "of the last \(Int(seconds.rounded())) s; `slipway top` watches it"])
    }
    return facts
}
