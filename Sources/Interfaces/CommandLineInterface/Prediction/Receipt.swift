// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import Tensors

struct Receipt: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Show what a prediction came of: version, engine, deployment, code and data, and how exactly it can be repeated.",
        discussion: "Example: slipway receipt 01993c2e-6d1a-7000-8000-0a1b2c3d4e5f")

    @Argument(help: "The prediction's id, from the header slipway-prediction-id.")
    var id: PredictionID

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let receipt = try await server.client().receipt(id)
        try Console.current.line(output.format == .json ? receipt.text : receiptText(receipt))
    }
}

private func receiptText(_ receipt: JSONValue) -> String {
    let prediction: JSONValue = receipt["prediction"] ?? .null
    let provenance: JSONValue = receipt["provenance"] ?? .null
    let text = { (value: JSONValue?, keys: [String]) -> String? in
        let found = keys.reduce(value) { $0?[$1] }
        return found?.string ?? found?.integer.map(String.init)
    }
    let short = { (digest: String?) in digest.map { String($0.prefix(12)) } }
    var facts: [(String, String?)] = [
        ("prediction", text(prediction, ["id"])), ("time", text(prediction, ["time"])),
        ("status", statusText(of: prediction)),
        (
            "model",
            text(prediction, ["model"]).map { $0 + (text(prediction, ["version"]).map { " version \($0)" } ?? "") }
        ),
        ("bundle", text(prediction, ["bundle"])),
        (
            "engine",
            text(receipt, ["engine", "name"]).map { name in
                [name, text(receipt, ["engine", "version"]), short(text(receipt, ["engine", "build"]))]
                    .compactMap(\.self).joined(separator: " ")
            }
        ),
        (
            "deployed",
            text(receipt, ["deployment", "by"]).map {
                "by \($0), \(text(receipt, ["deployment", "at"]) ?? ""), generation "
                    + (text(receipt, ["deployment", "generation"]) ?? "")
            }
        ),
        (
            "registered",
            text(receipt, ["registered", "by"]).map { "by \($0), \(text(receipt, ["registered", "at"]) ?? "")" }
        ),
        ("proof", text(receipt, ["registered", "proof"])),
        (
            "code",
            text(provenance, ["git", "commit"]).map {
                $0 + (provenance["git"]?["dirty"]?.bool == true ? ", with changes that were kept" : "")
            }
        ),
    ]
    for file in provenance["data"]?.elements ?? [] {
        facts.append(("data", "\(text(file, ["path"]) ?? "") \(short(text(file, ["sha256"])) ?? "")"))
    }
    let how = text(receipt, ["replayable"]) ?? ""
    facts.append(("replayable", how + (text(receipt, ["because"]).map { ": \($0)" } ?? "")))
    if how != "no" { facts.append(("", "slipway replay \(text(prediction, ["id"]) ?? "")")) }
    return Table(rows: facts.compactMap { name, value in value.map { [name, $0] } }).text
}
