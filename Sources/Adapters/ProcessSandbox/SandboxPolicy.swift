// SPDX-License-Identifier: Apache-2.0

/// A program that is not trusted, and all that it may have.
///
/// It gets the descriptors 0, 1 and 2 and no other, the variables named here and no other (`TMPDIR` and `HOME` are
/// added where they are not named: the private temporary folder), and starts in its temporary folder.
package struct SandboxPolicy: Sendable, Codable {
    /// The absolute path of the program. It has to lie in the view: below `/usr`, or below one of `readOnly`.
    package var program: String
    /// Without the program's own name.
    package var arguments: [String]
    package var environment: [String: String]
    /// Files and folders that it may read, at the same paths as outside. A server that runs as root gives each worker a
    /// user of its own: what is below must then be readable by all; the folders above need not be.
    package var readOnly: [String]
    /// Folders that it may also write into. Their size is not limited; that of each file is. A server that runs as root
    /// gives the folders themselves to the program's user. What is found in them afterwards, links included, is as little
    /// to be trusted as the program.
    package var writable: [String]
    package var limits: SandboxLimits

    package init(
        program: String, arguments: [String], environment: [String: String] = [:], readOnly: [String],
        writable: [String] = [], limits: SandboxLimits = SandboxLimits()
    ) {
        self.program = program
        self.arguments = arguments
        self.environment = environment
        self.readOnly = readOnly
        self.writable = writable
        self.limits = limits
    }
}

/// What a sandboxed program may use up.
package struct SandboxLimits: Sendable, Codable {
    /// Private memory, in bytes: heap, stacks, and what is changed of mapped files. No process can have more; when all
    /// together have more, all are ended.
    package var memory = 2 << 30
    /// The private temporary folder, and as much again in `/dev/shm`, in bytes. Both are memory.
    package var temporary = 256 << 20
    /// One file, in bytes.
    package var file = 1 << 30
    package var openFiles = 1024
    /// Processes and threads together.
    package var tasks = 128
    /// Whether it may start other processes. Where the kernel cannot count them apart it may not, whatever this says.
    package var startsProcesses = true
    /// Processors; all that the server may use when `nil`.
    package var processors: Int?

    package init() {}
}
