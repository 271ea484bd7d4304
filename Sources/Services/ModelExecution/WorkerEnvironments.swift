// SPDX-License-Identifier: Apache-2.0

/// What a bundle says of the process that runs its model: `worker.json`.
package struct WorkerNeeds: Sendable, Equatable {
    /// `python`; `nil` when the bundle names a command.
    package let language: String?
    /// The command and its arguments, as the bundle spells them; empty when a language is named.
    package let command: [String]
    /// Absolute path of the bundle's lock; `nil` when the model needs only its language.
    package let lock: ModelFile?

    package init(language: String?, command: [String], lock: ModelFile?) {
        self.language = language
        self.command = command
        self.lock = lock
    }
}

/// A program that speaks the worker protocol, with everything that the model needs.
package struct WorkerProgram: Sendable, Equatable {
    /// Absolute path.
    package let program: String
    package let arguments: [String]
    package let environment: [String: String]
    /// Files and folders that it has to read.
    package let readable: [String]

    package init(program: String, arguments: [String], environment: [String: String], readable: [String]) {
        self.program = program
        self.arguments = arguments
        self.environment = environment
        self.readable = readable
    }
}

/// Knows the environments that are installed on this machine.
package protocol WorkerEnvironments: Sendable {
    /// Installs nothing: an environment that is not there is an error.
    ///
    /// - Throws: ``EngineError/environmentMissing(reason:hint:)``.
    func program(for needs: WorkerNeeds) throws(EngineError) -> WorkerProgram

    /// Installs an environment that is not there yet.
    func install(_ needs: WorkerNeeds) throws(EngineError)
}
