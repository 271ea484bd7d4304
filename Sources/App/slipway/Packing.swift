// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain
import PythonTools

/// Packs a version that a client of MLflow registered, and has an endpoint answer with it, as a person would: by this
/// program's own command, in a process apart. Nothing of the model is opened in the server.
func packAndDeploy(
    _ model: ModelReference, _ version: Int, _ endpoint: EndpointName, _ reason: String, in folder: DataFolder
) async throws {
    let arguments = [
        "deploy", "\(model.project)/\(model.name)@\(version)", "--endpoint", endpoint.rawValue, "--reason", reason,
        "--data", folder.path, "--format", "json",
    ]
    let run = try await onThread { Result { try ProgramRun("/proc/self/exe", arguments, keepsErrors: true) } }.get()
    guard !run.isSuccess else { return }
    let said = String(decoding: run.output.suffix(2000), as: UTF8.self)
    let last = said.split(separator: "\n").last.map(String.init) ?? "it said nothing"
    throw Refusal(
        .versionNotReady, .conflict, "Version \(version) of “\(model)” could not be packed: \(last)",
        hint: "Try it where you see it: slipway deploy \(model.name)@\(version) --endpoint \(endpoint).")
}
