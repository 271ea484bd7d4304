// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain
internal import Tensors

/// A Python that was asked who it is.
package struct PythonInterpreter: Sendable, Equatable {
    /// Absolute path of the program, as a virtual environment has it: links are not followed.
    package let path: String
    /// `3.11.7`.
    package let version: String
    /// Folders that it reads its modules and libraries from.
    package let readable: [String]

    /// `3.11`.
    var minor: String { version.split(separator: ".").prefix(2).joined(separator: ".") }

    init(path: String, version: String, readable: [String]) {
        self.path = path
        self.version = version
        self.readable = readable
    }

    /// The first that answers of SLIPWAY_PYTHON, the active virtual or conda environment, and `python3` on the path.
    ///
    /// - Throws: `ENG-009` when there is none.
    package static func active(_ environment: [String: String]) throws -> PythonInterpreter {
        let named = [
            environment["SLIPWAY_PYTHON"], environment["VIRTUAL_ENV"].map { "\($0)/bin/python" },
            environment["CONDA_PREFIX"].map { "\($0)/bin/python" },
        ].compactMap(\.self).filter { !$0.isEmpty }
        if let first = named.first { return try PythonInterpreter(asking: first, environment) }
        guard let found = onPath("python3", environment) else {
            throw Refusal(
                .environmentMissing, .unavailable, "No Python was found, which this model needs.",
                hint: "Activate the environment that the model was made in, or name its Python in SLIPWAY_PYTHON.")
        }
        return try PythonInterpreter(asking: found, environment)
    }

    /// Runs it once.
    ///
    /// - Throws: `ENG-009` when it does not answer.
    ///
    /// - Parameter isBare: Whether to run nothing that packages have put there, as `.pth` files.
    package init(asking program: String, _ environment: [String: String], isBare: Bool = false) throws {
        let absolute =
            program.contains("/")
            ? URL(fileURLWithPath: program).standardizedFileURL.path : onPath(program, environment) ?? program
        let question = """
            import json, os, sys
            folders = [sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix]
            folders += [os.path.dirname(os.path.realpath(sys.executable))]
            folders += [os.path.realpath(path) for path in sys.path if path]
            print(json.dumps([sys.version.split()[0], sys.version_info[0], folders]))
            """
        let answer = try? ProgramRun(
            absolute, (isBare ? ["-I", "-S"] : []) + ["-B", "-c", question], keepsErrors: false
        ).output
        guard let answer, let parts = (try? JSONValue.parse(answer))?.elements, parts.count == 3,
            let version = parts[0].string, parts[1].integer == 3, let folders = parts[2].elements
        else {
            throw Refusal(
                .environmentMissing, .unavailable, "“\(program)” is no Python 3 that runs.",
                hint: "Name another one in SLIPWAY_PYTHON.")
        }
        path = absolute
        self.version = version
        readable = outermost(folders.compactMap(\.string))
    }
}

/// A program of the search path.
func onPath(_ program: String, _ environment: [String: String]) -> String? {
    (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":").map { "\($0)/\(program)" }
        .first { FileManager.default.isExecutableFile(atPath: $0) }
}

/// Folders that exist, without those that lie in another one. The root of everything is never among them.
func outermost(_ folders: [String]) -> [String] {
    let present = Set(folders).filter { $0 != "/" && FileManager.default.fileExists(atPath: $0) }
    return present.filter { folder in !present.contains { $0 != folder && folder.hasPrefix($0 + "/") } }.sorted()
}
