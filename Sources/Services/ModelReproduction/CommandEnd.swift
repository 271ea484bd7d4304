// SPDX-License-Identifier: Apache-2.0

/// A command that trains a model: the user's own code, as the user.
package struct TrainingCommand: Sendable {
    package let words: [String]
    package let folder: String
    package let environment: [String: String]
    /// Whether it is the command of a person at a terminal, who may type into it; else what it prints is no result.
    package let isAttended: Bool

    package init(words: [String], folder: String, environment: [String: String], isAttended: Bool) {
        self.words = words
        self.folder = folder
        self.environment = environment
        self.isAttended = isAttended
    }
}

/// How a command ended.
package struct CommandEnd: Sendable {
    /// Of what it printed, the last bytes that are kept.
    package static let outputLimit = 1 << 20

    /// As a shell has it: 128 and the signal's number where a signal ended it.
    package let exitCode: Int32
    /// Whether somebody asked it to end, or took it down.
    package let wasKilled: Bool
    /// Whether this process was asked to end meanwhile.
    package let wasGivenUp: Bool
    /// What it printed last, both streams as they came.
    package let output: [UInt8]

    package init(exitCode: Int32, wasKilled: Bool, wasGivenUp: Bool, output: [UInt8]) {
        self.exitCode = exitCode
        self.wasKilled = wasKilled
        self.wasGivenUp = wasGivenUp
        self.output = output
    }

    /// As MLflow calls it.
    package var status: String { wasKilled ? "KILLED" : exitCode == 0 ? "FINISHED" : "FAILED" }
}

/// What the Python of a command is, and has.
package struct PythonContents: Sendable, Hashable {
    /// Absolute path of its program.
    package let program: String
    /// `3.11.7`.
    package let version: String
    /// `linux_x86_64`.
    package let platform: String
    /// `NAME==VERSION`, sorted; behind `# ` what came from no index.
    package let requirements: [String]

    package init(program: String, version: String, platform: String, requirements: [String]) {
        self.program = program
        self.version = version
        self.platform = platform
        self.requirements = requirements
    }

    /// One a line.
    package var text: String { requirements.map { $0 + "\n" }.joined() }

    /// What `wanted` asks for and this one has otherwise, or not at all; empty where it serves as well.
    package func differences(from wanted: [String], python: String) -> [String] {
        var differences: [String] = []
        if minor(version) != minor(python) { differences.append("Python \(python) was recorded, \(version) is here") }
        let present = Dictionary(requirements.map(pin)) { first, _ in first }
        for (name, version) in wanted.map(pin) where present[name] != version {
            differences.append("\(name) \(version) was recorded, \(present[name] ?? "none") is here")
        }
        return differences
    }
}

private func minor(_ version: String) -> [Substring] { Array(version.split(separator: ".").prefix(2)) }

private func pin(_ requirement: String) -> (name: String, version: String) {
    let parts = requirement.drop { $0 == "#" || $0 == " " }.split(separator: "=", omittingEmptySubsequences: true)
    return (parts.first.map(String.init) ?? "", parts.last.map(String.init) ?? "")
}
