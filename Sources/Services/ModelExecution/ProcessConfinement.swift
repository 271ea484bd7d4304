// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// A program that runs foreign code, and all that it may see and use.
package struct ConfinedProgram: Sendable, Equatable {
    /// Absolute path.
    package let program: String
    package let arguments: [String]
    /// Everything that the process finds in its environment.
    package let environment: [String: String]
    /// Files and folders that it may read, besides what every program of the system may.
    package let readable: [String]
    /// Folders that it may write into, besides one of its own for temporary files, where it starts.
    package let writable: [String]
    /// The most bytes of memory that are its own.
    package let memoryBytes: Int
    /// The most processes and threads at a time.
    package let processCount: Int

    package init(
        program: String, arguments: [String], environment: [String: String], readable: [String],
        writable: [String] = [],
        memoryBytes: Int = Self.standardMemoryBytes, processCount: Int = 256
    ) {
        self.program = program
        self.arguments = arguments
        self.environment = environment
        self.readable = readable
        self.writable = writable
        self.memoryBytes = memoryBytes
        self.processCount = processCount
    }

    package static let standardMemoryBytes = 4 << 30
}

/// What to start so that a program runs confined: itself wrapped into what confines it.
package struct ProcessLaunch: Sendable, Equatable {
    package let executable: String
    package let arguments: [String]
    package let environment: [String: String]

    package init(executable: String, arguments: [String], environment: [String: String]) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
    }
}

/// Confines programs, as strongly as was asked for.
package protocol ProcessConfinement: Sendable {
    /// - Throws: When this machine cannot confine programs as strongly as was asked for.
    func launch(_ program: ConfinedProgram) throws(Refusal) -> ProcessLaunch
}
