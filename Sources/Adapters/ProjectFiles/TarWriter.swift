// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelReproduction

/// Writes a tar archive (POSIX.1-2001): files and links by name, without owners and times, so that the same files give the
/// same bytes.
final class TarWriter {
    private let file: FileHandle

    /// - Throws: `SYS-002` when the file cannot be written.
    init(_ path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]),
            let file = FileHandle(forWritingAtPath: path)
        else { throw writingFailed(path, errno) }
        self.file = file
    }

    deinit { try? file.close() }

    func addLink(_ path: String, to target: String) throws {
        try begin(path, type: "2", mode: 0o777, byteCount: 0, target: target)
    }

    /// - Parameter pieces: Hands out as many bytes as `byteCount` says.
    func addFile(
        _ path: String, isExecutable: Bool, byteCount: Int, _ pieces: () throws -> [UInt8]?
    ) throws {
        try begin(path, type: "0", mode: isExecutable ? 0o755 : 0o644, byteCount: byteCount)
        var written = 0
        while let piece = try pieces() {
            written += piece.count
            guard written <= byteCount else { break }
            try file.write(contentsOf: piece)
        }
        guard written == byteCount else { throw notRecordable("“\(path)” changed while it was read") }
        try pad(byteCount)
    }

    /// Two empty blocks, and what makes the file whole on the disk.
    func finish() throws {
        try file.write(contentsOf: [UInt8](repeating: 0, count: 1024))
        try file.close()
    }

    private func begin(_ path: String, type: Character, mode: Int, byteCount: Int, target: String = "") throws {
        var records = ""
        if path.utf8.count > 100 { records += record("path", path) }
        if target.utf8.count > 100 { records += record("linkpath", target) }
        if !records.isEmpty {
            let bytes = Array(records.utf8)
            try file.write(contentsOf: header("slipway", type: "x", mode: 0o644, byteCount: bytes.count, target: ""))
            try file.write(contentsOf: bytes)
            try pad(bytes.count)
        }
        try file.write(contentsOf: header(path, type: type, mode: mode, byteCount: byteCount, target: target))
    }

    private func pad(_ byteCount: Int) throws {
        let rest = byteCount % 512
        if rest > 0 { try file.write(contentsOf: [UInt8](repeating: 0, count: 512 - rest)) }
    }

    /// `LENGTH KEY=VALUE\n`, where the length counts itself.
    private func record(_ key: String, _ value: String) -> String {
        let rest = " \(key)=\(value)\n"
        var count = rest.utf8.count
        while "\(count)\(rest)".utf8.count != count { count = "\(count)\(rest)".utf8.count }
        return "\(count)\(rest)"
    }

    private func header(_ path: String, type: Character, mode: Int, byteCount: Int, target: String) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at offset: Int, width: Int) {
            for (index, byte) in text.utf8.prefix(width).enumerated() { block[offset + index] = byte }
        }
        func octal(_ value: Int, at offset: Int, width: Int) {
            let digits = String(value, radix: 8)
            put(String(repeating: "0", count: max(0, width - 1 - digits.count)) + digits, at: offset, width: width - 1)
        }
        put(path, at: 0, width: 100)
        octal(mode, at: 100, width: 8)
        octal(0, at: 108, width: 8)
        octal(0, at: 116, width: 8)
        octal(byteCount, at: 124, width: 12)
        octal(0, at: 136, width: 12)
        put("        ", at: 148, width: 8)
        put(String(type), at: 156, width: 1)
        put(target, at: 157, width: 100)
        put("ustar", at: 257, width: 5)
        put("00", at: 263, width: 2)
        let sum = block.reduce(0) { $0 + Int($1) }
        octal(sum, at: 148, width: 7)
        block[155] = 0x20
        return block
    }
}
