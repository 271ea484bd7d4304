// SPDX-License-Identifier: Apache-2.0
internal import PlatformBackup

/// A file without a name, on the disk of a folder: nothing has to sweep it, however its holder ends.
package final class PassingFile: PassingContent {
    private let file: SystemFile

    /// - Throws: `SYS-001`, `SYS-002`.
    package init(in folder: String) throws { file = try SystemFile(namelessIn: folder) }

    package func restart() throws { try file.empty() }

    package func write(_ bytes: [UInt8]) throws { try file.write(bytes) }

    package func pieces() -> @Sendable () async throws -> [UInt8]? {
        let next = readAhead(file, from: 0, byteCount: .max)
        return { try next() }
    }
}
