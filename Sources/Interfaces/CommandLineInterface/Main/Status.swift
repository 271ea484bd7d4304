// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import WireTypes

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what answers, and on what evidence.",
        discussion: "Example: slipway status --format json")

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let client = try await server.client()
        let status = try await client.status()
        try output.write(status, asText: statusText(status, url: client.url))
    }
}

private func statusText(_ status: StatusV1, url: String) -> String {
    var parts = [
        status.endpoints.isEmpty
            ? "No endpoints yet: deploy a model with `slipway deploy FILE`." : endpointTable(status.endpoints).text
    ]
    parts += status.endpoints.compactMap(whyNotReady)
    let engines = status.engines.map { engine in
        if let problem = engine.problem { return "\(engine.name) cannot be used: \(problem.explanation.line)" }
        return engine.name + (engine.version.map { " \($0)" } ?? "")
    }
    let memory = status.residentBytes.map { ", \(byteText($0))" } ?? ""
    let models = status.modelBytes.map { used in
        ["models", byteText(used) + (status.memoryBudgetBytes.map { " of at most \(byteText($0))" } ?? "")]
    }
    parts.append(
        Table(
            rows: [
                ["engines", engines.isEmpty ? "none" : engines.joined(separator: ", ")],
                [
                    "server",
                    "\(url), process \(status.processID), version \(status.version), since \(status.startedAt)\(memory)"
                        + (status.ready ? "" : ", not ready"),
                ],
            ] + (models.map { [$0] } ?? [])
        ).text)
    return parts.joined(separator: "\n\n")
}
