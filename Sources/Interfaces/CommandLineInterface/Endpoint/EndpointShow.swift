// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import WireTypes

struct EndpointShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show an endpoint: what it takes, its proof and its deployments.",
        discussion: "Example: slipway endpoint show breast-cancer")

    @Argument(help: "The endpoint.")
    var name: EndpointName

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let history = try await server.client().endpoint(name)
        try output.write(history, asText: historyText(history))
    }
}

private func historyText(_ history: EndpointHistoryV1) -> String {
    let endpoint = history.endpoint
    var parts = [endpointTable([endpoint]).text]
    if let reason = whyNotReady(endpoint) { parts.append(reason) }
    var facts = [["predict", "POST \(endpoint.predictPath)"]]
    if let proof = endpoint.proof { facts.append(["proof", proof.summary]) }
    for (word, tensors) in [("input", endpoint.signature?.inputs), ("output", endpoint.signature?.outputs)] {
        facts += (tensors ?? []).map { [word, "\($0.name): \($0.datatype) \($0.shape)"] }
    }
    if let columns = endpoint.signature?.columns, columns != endpoint.signature?.inputs.map(\.name) {
        facts.append(["columns", columns.joined(separator: ", ")])
    }
    facts.append(["runs on", placementText(endpoint)])
    facts.append(["settings", settingsLine(endpoint)])
    facts.append(["load", loadText(endpoint.requests)])
    parts.append(Table(rows: facts).text)
    let deployments = Table(
        header: ["GENERATION", "MODEL", "VERSION", "CREATED", "BY", "REMARK"],
        rows: history.deployments.map { deployment in
            [
                String(deployment.generation), deployment.model, String(deployment.version), deployment.createdAt,
                deployment.createdBy, deployment.restores.map { "rollback to generation \($0)" } ?? "",
            ]
        }, numbers: [0, 2])
    parts.append(deployments.text)
    return parts.joined(separator: "\n\n")
}

/// `12 accepted, 11 answered, 1 failed; refused: rate 3; 2 wait, 1 of at most 4 run on lanes`
private func loadText(_ requests: RequestCountsV1) -> String {
    var parts = ["\(requests.accepted) accepted, \(requests.answered) answered, \(requests.failed) failed"]
    if !requests.refused.isEmpty {
        let causes = requests.refused.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        parts.append("refused: " + causes.joined(separator: ", "))
    }
    parts.append("\(requests.waiting) wait, \(requests.running) of at most \(requests.concurrency) run on lanes")
    return parts.joined(separator: "; ")
}
