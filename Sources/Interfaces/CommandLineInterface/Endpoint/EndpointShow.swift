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
    if let batching = endpoint.batching { facts.append(["batching", batchingText(batching).printable]) }
    if let times = endpoint.times, times.predictions > 0 { facts.append(["times", timesText(times)]) }
    if let cache = endpoint.cache { facts.append(["cache", cacheText(cache)]) }
    if let device = endpoint.settings[EndpointSettings.Key.device.rawValue] {
        facts.append(["computed by", endpoint.liveVersion == nil ? "\(device), once it is loaded" : device])
    }
    if let own = endpoint.ownBytes, let engine = endpoint.engineBytes {
        facts.append(["memory", "\(byteText(engine)) of its engine, \(byteText(own)) besides"])
    } else if endpoint.cold ?? false {
        facts.append(["memory", "none: the first request has it loaded"])
    }
    facts.append(["settings", settingsLine(endpoint)])
    facts.append(["load", loadText(endpoint.requests)])
    parts.append(Table(rows: facts).text)
    if let steps = endpoint.steps { parts.append(stepTable(steps).text) }
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

/// What each step of a graph has cost.
private func stepTable(_ steps: [StepV1]) -> Table {
    Table(
        header: ["STEP", "KIND", "CALLS", "ROWS", "FAILED", "KEPT", "A CALL"],
        rows: steps.map { step in
            let mean =
                step.calls == 0 ? "–" : durationText(microseconds: Double(step.nanoseconds) / Double(step.calls) / 1000)
            return [
                step.name, step.kind, String(step.calls), String(step.rows), String(step.failures),
                String(step.cachedRows), mean,
            ]
        }, numbers: [2, 3, 4, 5, 6])
}

/// `up to 23 of 64 rows a call: a further row costs 16 % of the first one; 5.2 rows a call so far`
private func batchingText(_ batching: BatchingV1) -> String {
    var text = batching.joins ? "up to \(batching.rowCap) of \(batching.rowLimit) rows a call" : "none"
    text += ": " + batching.reason
    if batching.joins, batching.calls > 0 {
        let mean = Double(batching.rows) / Double(batching.calls)
        text += "; \((mean * 10).rounded() / 10) rows a call so far"
    }
    return text
}

/// Means: `decode 12 µs, queue 1.2 ms, batch 3 µs, compute 2.1 ms, encode 8 µs`
private func timesText(_ times: StageTimesV1) -> String {
    let stages = [
        ("decode", times.decodeNanoseconds), ("queue", times.queueNanoseconds), ("batch", times.batchNanoseconds),
        ("compute", times.computeNanoseconds), ("encode", times.encodeNanoseconds),
    ]
    return stages.map { name, nanoseconds in
        "\(name) " + durationText(microseconds: Double(nanoseconds) / Double(times.predictions) / 1000)
    }.joined(separator: ", ")
}

/// `81 % of 10213 requests; 812 answers in 12.3 MiB of 64 MiB`
private func cacheText(_ cache: CacheV1) -> String {
    let asked = cache.hits + cache.misses
    let share = asked == 0 ? "no requests yet" : "\(cache.hits * 100 / asked) % of \(asked) requests"
    return "\(share); \(cache.entries) answers in \(byteText(cache.byteCount)) of \(byteText(cache.byteLimit))"
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
