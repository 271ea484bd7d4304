// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain
package import ModelReproduction
internal import Tensors

extension PythonContents {
    /// Asks the Python that a command would run.
    ///
    /// - Parameter program: A path, or a name to look for.
    /// - Throws: `ENG-009` when it does not answer.
    package init(asking program: String, _ environment: [String: String]) throws {
        let absolute = program.contains("/") ? program : onPath(program, environment) ?? program
        // Nothing of the working folder is imported.
        let question = """
            import sys
            sys.path[:] = [path for path in sys.path if path]
            import importlib.metadata, json, re, sysconfig
            found = {}
            for one in importlib.metadata.distributions():
                name = one.metadata["Name"]
                if name:
                    mark = "# " if one.read_text("direct_url.json") else ""
                    found.setdefault(re.sub("[-_.]+", "-", name).lower(), f"{mark}{name}=={one.version}")
            platform = re.sub("[-.]", "_", sysconfig.get_platform())
            print(json.dumps([sys.version.split()[0], platform, [found[name] for name in sorted(found)]]))
            """
        let answer = try? ProgramRun(absolute, ["-B", "-c", question], keepsErrors: false).output
        guard let answer, let parts = (try? JSONValue.parse(answer))?.elements, parts.count == 3,
            let version = parts[0].string, let platform = parts[1].string, let list = parts[2].elements
        else {
            throw Refusal(
                .environmentMissing, .unavailable, "“\(program)” is no Python 3 that runs.",
                hint: "Check the command, or activate the environment that it is to run in.")
        }
        self.init(
            program: absolute, version: version, platform: platform, requirements: list.compactMap(\.string))
    }

    /// The active one.
    package init(active environment: [String: String]) throws {
        try self.init(asking: PythonInterpreter.active(environment).path, environment)
    }

    /// The Python that a command runs: its program, or what the first line of that names.
    ///
    /// - Returns: `nil` for a command that runs none.
    package static func program(of words: [String], _ environment: [String: String]) -> String? {
        guard let first = words.first else { return nil }
        if isPython(first) { return first }
        guard let path = first.contains("/") ? first : onPath(first, environment),
            let file = FileHandle(forReadingAtPath: path)
        else { return nil }
        defer { try? file.close() }
        let beginning = (try? file.read(upToCount: 256)) ?? Data()
        guard beginning.starts(with: Data("#!".utf8)) else { return nil }
        let line = String(decoding: beginning.dropFirst(2).prefix { $0 != 0x0A }, as: UTF8.self)
        let named = line.split(separator: " ").map(String.init).filter { $0 != "/usr/bin/env" && $0 != "-S" }
        return named.first.flatMap { isPython($0) ? $0 : nil }
    }
}

/// `python`, `python3`, `python3.11`, wherever they are.
package func isPython(_ program: String) -> Bool {
    let name = program.split(separator: "/").last.map(String.init) ?? program
    guard name.hasPrefix("python") else { return false }
    return name.dropFirst(6).allSatisfy { $0.isNumber || $0 == "." }
}
