// SPDX-License-Identifier: Apache-2.0
internal import AsyncHTTPClient
package import ModelDomain
internal import NIOCore
internal import NIOHTTP1
package import WireTypes

/// Copies of the whole platform.
extension SlipwayClient {
    package func beginBackup() async throws -> BackupV1 {
        try await value(BackupV1.self, of: Call(method: .POST, path: "/v1/backups", patience: .hours(4)))
    }

    /// Every row of the registry, as lines.
    package func registry(of backup: String, _ take: (_ piece: [UInt8]) throws -> Void) async throws {
        try await stream(Call(path: "/v1/backups/\(backup)/registry", patience: .hours(24)), take)
    }

    /// The contents that have to be copied, each with its size.
    package func contents(of backup: String) async throws -> [(digest: Digest, byteCount: Int)] {
        let call = Call(path: "/v1/backups/\(backup)/contents", patience: .hours(1), answerLimit: 2 << 30)
        let answer = try await answer(to: call)
        return try answer.body.split(separator: UInt8(ascii: "\n")).map { line in
            let words = String(decoding: line, as: UTF8.self).split(separator: " ")
            guard words.count == 2, let digest = Digest(String(words[0])), let byteCount = Int(words[1]) else {
                throw Refusal(
                    .serverUnreachable, .unavailable, "The answer of \(url) cannot be read.",
                    hint: "This is \(Product.nameAndVersion); see with `slipway doctor` which version the server is.")
            }
            return (digest, byteCount)
        }
    }

    package func endBackup(_ backup: String) async throws {
        _ = try await answer(to: Call(method: .DELETE, path: "/v1/backups/\(backup)"))
    }
}
