// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import Tensors

struct PredictionShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a prediction: what came, what was answered, by what, and how long it took.",
        discussion: "Example: slipway prediction show 01993c2e-6d1a-7000-8000-0a1b2c3d4e5f")

    @Argument(help: "Its id, from the header slipway-prediction-id.")
    var id: PredictionID

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let found = try await server.client().prediction(id)
        try Console.current.line(output.format == .json ? found.text : predictionText(found))
    }
}

private func predictionText(_ prediction: JSONValue) -> String {
    let version = prediction["version"]?.integer.map { " version \($0)" } ?? ""
    var facts = [
        ["id", prediction["id"]?.string ?? ""], ["time", prediction["time"]?.string ?? ""],
        ["endpoint", prediction["endpoint"]?.string ?? ""],
        ["model", (prediction["model"]?.string ?? "") + version], ["status", statusText(of: prediction)],
        [
            "took",
            "\(timeText(prediction, "total")): \(timeText(prediction, "queue")) in the queue, "
                + "\(timeText(prediction, "run")) in the model",
        ],
    ]
    for name in ["principal", "key", "trace"] {
        if let text = prediction[name]?.string { facts.append([name, text]) }
    }
    for (name, policy) in prediction["policies"]?.members ?? [] {
        facts.append(["not kept", "\(name): \(policy.string ?? "")"])
    }
    if prediction["cut"]?.bool == true { facts.append(["not kept", "inputs and outputs: they are too large"]) }
    let parts = ["inputs", "outputs"].flatMap { part in
        (prediction[part]?.elements ?? []).prefix(10).enumerated().map { index, row in
            "\(part) of row \(index)\n"
                + Table(rows: (row.members ?? []).map { ["  " + $0.name, $0.value.text] }).text
        }
    }
    return ([Table(rows: facts).text] + parts).joined(separator: "\n\n")
}
