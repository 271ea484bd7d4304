// SPDX-License-Identifier: Apache-2.0
package import Foundation
import Synchronization

/// What a finished run of the program left.
package struct ProgramResult: Sendable {
    package let exitCode: Int32
    package let output: String
    package let errors: String

    /// Standard output as JSON.
    package func json() throws -> Any { try JSONSerialization.jsonObject(with: Data(output.utf8)) }
}

/// The real binary, as a user would run it.
package struct Program: Sendable {
    package static let path: String =
        ProcessInfo.processInfo.environment["SLIPWAY_BINARY"] ?? "\(repositoryRoot)/.build/debug/slipway"

    /// Variables of every run, over those of the tests themselves.
    package let environment: [String: String]

    package init(environment: [String: String]) { self.environment = environment }

    package func process(_ arguments: [String]) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.path)
        process.arguments = arguments
        var variables = ProcessInfo.processInfo.environment
        for name in ["SLIPWAY_URL", "SLIPWAY_TOKEN", "SLIPWAY_DATA", "SLIPWAY_DATABASE"] { variables[name] = nil }
        process.environment = variables.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        return process
    }

    @discardableResult
    package func run(_ arguments: String...) async throws -> ProgramResult {
        try await run(arguments)
    }

    package func run(_ arguments: [String]) async throws -> ProgramResult {
        let process = process(arguments)
        // Files, because a background server that the program starts would hold a pipe open.
        let base = FileManager.default.temporaryDirectory.appendingPathComponent("run-\(UUID().uuidString)")
        let files = [base.appendingPathExtension("out"), base.appendingPathExtension("err")]
        defer { for file in files { try? FileManager.default.removeItem(at: file) } }
        for file in files { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
        let handles = try files.map(FileHandle.init(forWritingTo:))
        // Foundation holds on to what it was given; and with some 1,300 open files its Process reads beyond a buffer.
        defer { for handle in handles { try? handle.close() } }
        (process.standardOutput, process.standardError) = (handles[0], handles[1])
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in continuation.resume() }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        return ProgramResult(
            exitCode: process.terminationStatus, output: try String(contentsOf: files[0], encoding: .utf8),
            errors: try String(contentsOf: files[1], encoding: .utf8))
    }
}
