// SPDX-License-Identifier: Apache-2.0
import Foundation
import FoundationNetworking

/// The real binary, serving on a port and a folder of its own.
package final class RunningPlatform: Sendable {
    package let url: String
    package let data: String
    package let program: Program
    private let process: Process

    /// Starts a server, runs `body`, and stops the server, whatever happens.
    package static func with<Result>(
        data: String, environment: [String: String] = [:], _ body: (RunningPlatform) async throws -> Result
    ) async throws -> Result {
        let platform = try await RunningPlatform(data: data, environment: environment)
        do {
            let result = try await body(platform)
            await platform.stop()
            return result
        } catch {
            await platform.stop()
            throw error
        }
    }

    /// Starts a server and waits until it says where it listens.
    package init(data: String, environment: [String: String] = [:]) async throws {
        let process = Program(environment: environment).process([
            "serve", "--data", data, "--host", "127.0.0.1", "--port", "0",
        ])
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        self.process = process
        self.data = data
        url = try await Self.address(in: output)
        let token = try String(contentsOfFile: "\(data)/token", encoding: .utf8)
        program = Program(environment: [
            "SLIPWAY_URL": url, "SLIPWAY_TOKEN": token.trimmingCharacters(in: .whitespacesAndNewlines),
        ])
    }

    package var processID: Int32 { process.processIdentifier }
    package var isRunning: Bool { process.isRunning }

    /// Asks the server to end, and waits for it.
    ///
    /// - Returns: Its exit code.
    @discardableResult
    package func stop() async -> Int32 {
        if process.isRunning { process.terminate() }
        await waitForEnd()
        return process.terminationStatus
    }

    /// As a power loss would.
    package func kill() async {
        _ = Foundation.kill(process.processIdentifier, SIGKILL)
        await waitForEnd()
    }

    private func waitForEnd() async {
        while process.isRunning { try? await Task.sleep(for: .milliseconds(5)) }
    }

    private static func address(in output: Pipe) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            Thread {
                var text = ""
                while true {
                    let piece = output.fileHandleForReading.availableData
                    guard !piece.isEmpty else {
                        continuation.resume(throwing: DidNotStart(output: text))
                        return
                    }
                    text += String(decoding: piece, as: UTF8.self)
                    for line in text.split(separator: "\n") where line.hasPrefix("listening on ") && text.contains("\n")
                    {
                        continuation.resume(returning: String(line.dropFirst("listening on ".count)))
                        return
                    }
                }
            }.start()
        }
    }

    package struct DidNotStart: Error { package let output: String }
}

/// What a server answered.
package struct Reply: Sendable {
    package let status: Int
    package let headers: [String: String]
    package let body: String
}

extension RunningPlatform {
    /// One HTTP request.
    package func send(
        _ method: String, _ path: String, body: String? = nil, token: String? = nil
    ) async throws -> Reply {
        try await send(method, path, content: body.map { [UInt8]($0.utf8) }, token: token)
    }

    package func send(_ method: String, _ path: String, content: [UInt8]?, token: String?) async throws -> Reply {
        guard let address = URL(string: url + path) else { throw URLError(.badURL) }
        var request = URLRequest(url: address)
        request.httpMethod = method
        request.timeoutInterval = 600
        request.httpBody = content.map { Data($0) }
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        if let token { request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization") }
        let (data, response) = try await URLSession.shared.data(for: request)
        let http = response as? HTTPURLResponse
        let headers = (http?.allHeaderFields ?? [:]).reduce(into: [String: String]()) { headers, field in
            headers["\(field.key)".lowercased()] = "\(field.value)"
        }
        return Reply(
            status: http?.statusCode ?? 0, headers: headers, body: String(decoding: data, as: UTF8.self))
    }

    package func get(_ path: String) async throws -> Reply { try await send("GET", path) }
    package func post(_ path: String, _ body: String) async throws -> Reply { try await send("POST", path, body: body) }
}
