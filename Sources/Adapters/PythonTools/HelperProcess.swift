// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelExecution
internal import Synchronization

/// Our own Python code in a process that sees nothing but its open files, and says on standard error why it gave up.
final class HelperProcess: Sendable {
    private let process = Process()
    private let tail = Mutex<[UInt8]>([])
    private let isRead = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - input: A file or a pipe.
    ///   - output: Likewise.
    init(
        _ module: String, _ arguments: [String], of interpreter: PythonInterpreter, in environments: PythonEnvironments,
        by confinement: any ProcessConfinement, input: Any, output: Any
    ) throws {
        let program = try environments.program(of: interpreter, module: module, arguments: arguments)
        let launch = try confinement.launch(
            ConfinedProgram(
                program: program.program, arguments: program.arguments, environment: program.environment,
                readable: program.readable))
        process.executableURL = URL(fileURLWithPath: launch.executable)
        process.arguments = launch.arguments
        process.environment = launch.environment
        let errors = Pipe()
        process.standardInput = input
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let reading = errors.fileHandleForReading
        DispatchQueue.global().async { [self] in
            while case let piece = reading.availableData, !piece.isEmpty {
                tail.withLock { $0 = ($0 + piece).suffix(4096) }
            }
            isRead.signal()
        }
    }

    /// Waits until it has ended.
    ///
    /// - Returns: What it said last; `nil` when it did all that it was to do.
    func end() -> String? {
        isRead.wait()
        process.waitUntilExit()
        guard process.terminationReason == .uncaughtSignal || process.terminationStatus != 0 else { return nil }
        return String(decoding: tail.withLock(\.self), as: UTF8.self).split(separator: "\n").last.map(String.init) ?? ""
    }
}
