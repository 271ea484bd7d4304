// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain

/// Makes an environment of Python with the packages that a run had.
///
/// - Parameters:
///   - folder: Is not there yet.
///   - version: `3.11.7`, of which the last part may differ.
///   - requirements: As recorded; what came from no index cannot be had again.
/// - Returns: The environment's Python.
/// - Throws: `RPR-003` for what is no name and version, `ENG-009` with what the installer said.
package func makeRecordedEnvironment(
    at folder: String, python version: String, requirements: [String], _ variables: [String: String],
    progress: (String) -> Void
) throws -> String {
    let pins = requirements.filter { !$0.hasPrefix("#") && !$0.isEmpty }
    for pin in pins where !isPin(pin) {
        throw FieldReader.Subject.run.damaged("“\(pin.prefix(100))” of its requirements is no NAME==VERSION")
    }
    let minor = version.split(separator: ".").prefix(2).joined(separator: ".")
    let names = [variables["SLIPWAY_PYTHON"], "python\(minor)", "python3", "/usr/bin/python3"].compactMap(\.self)
    let found = names.lazy.compactMap { try? PythonInterpreter(asking: $0, variables) }.first { $0.minor == minor }
    guard let found else {
        throw Refusal(
            .environmentMissing, .unavailable, "The run had Python \(version), and no Python \(minor) is here.",
            hint: "Install it, or name it in SLIPWAY_PYTHON.")
    }
    progress("making an environment of Python \(found.version) with \(pins.count) packages")
    try install(found.path, ["-m", "venv", folder])
    let python = "\(folder)/bin/python"
    guard !pins.isEmpty else { return python }
    let list = "\(folder)/requirements.txt"
    try Data(pins.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: list))
    try install(
        python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r", list])
    return python
}

private func install(_ program: String, _ arguments: [String]) throws {
    let run = try ProgramRun(program, arguments, keepsErrors: true)
    guard !run.isSuccess else { return }
    let lines = String(decoding: run.output, as: UTF8.self).split(separator: "\n").suffix(5).map(String.init)
    throw Refusal(
        .environmentMissing, .unavailable, "The environment of the run cannot be installed.",
        hint: "See what the installer says below; --environment active takes the Python that is there.",
        details: lines.enumerated().map { .init("installer \($0.offset + 1)", $0.element) })
}
