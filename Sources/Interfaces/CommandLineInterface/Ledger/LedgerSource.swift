// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import Foundation
internal import ModelDomain

/// Where a command reads the ledger.
enum LedgerSource {
    /// Of a server that was named, or runs on this machine.
    case server(SlipwayClient)
    /// In a data folder of this machine, directly.
    case folder(String?)
    /// As it was exported.
    case file(String)

    /// A line of an exported ledger has at most this many bytes.
    private static let lineLimit = 16 << 20

    /// - Parameter file: Goes before everything else. A data folder that is named is read directly.
    init(_ server: ServerOptions, file: String? = nil) async throws {
        if let file {
            self = .file(file)
        } else if server.folder.data == nil, let client = try await server.clientIfAny() {
            self = .server(client)
        } else if let url = server.namedURL, server.folder.data == nil {
            throw Refusal(.serverUnreachable, .unavailable, "No server answers at \(url).")
        } else {
            self = .folder(server.folder.data)
        }
    }

    /// Compares every entry of a folder or a file.
    ///
    /// - Throws: `REG-010` with what was changed; `IN-001` for a line that is none of a ledger.
    func audit(extending head: LedgerHead?, _ take: (LedgerRow) throws -> Void = { _ in }) async throws -> LedgerAudit {
        var audit = LedgerAudit(extending: head)
        switch self {
        case .server: throw Refusal(.bug, .bug, "The server checks its ledger itself.")
        case .folder(let data):
            try await Tools.required().readLedger(data: data) { row in
                try take(row)
                audit.take(row)
            }
        case .file(let path):
            let end = try Self.read(path) { row in
                try take(row)
                audit.take(row)
            }
            audit.compare(withEnd: end)
        }
        audit.finish()
        return audit
    }

    /// - Returns: The head at the end of the file.
    private static func read(_ path: String, _ take: (LedgerRow) throws -> Void) throws -> LedgerHead {
        guard let file = FileHandle(forReadingAtPath: path) else { throw missing(path) }
        defer { try? file.close() }
        var rest: [UInt8] = []
        var number = 0
        var isBegun = false
        var end: LedgerHead?
        func line(_ bytes: [UInt8]) throws {
            number += 1
            guard !bytes.isEmpty else { return }
            guard end == nil else { throw broken(path, "line \(number) stands behind its end") }
            do {
                switch try LedgerLine(bytes) {
                case .beginning: isBegun = true
                case .entry(let row) where isBegun: try take(row)
                case .head(let head) where isBegun: end = head
                case .entry, .head: throw broken(path, "it does not begin with its schema")
                }
            } catch let refusal as Refusal where refusal.explanation.code == .bodySyntax {
                throw broken(path, "line \(number): \(refusal.explanation.message)")
            }
        }
        while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty {
            rest += piece
            var begin = 0
            while let stop = rest[begin...].firstIndex(of: 0x0A) {
                try line(Array(rest[begin..<stop]))
                begin = stop + 1
            }
            rest.removeFirst(begin)
            guard rest.count <= lineLimit else { throw broken(path, "line \(number + 1) is too long") }
        }
        if !rest.isEmpty { try line(rest) }
        guard let end else { throw broken(path, "it has no head at its end, and so was cut off") }
        return end
    }

    private static func broken(_ path: String, _ reason: String) -> Refusal {
        Refusal(
            .ledgerBroken, .conflict, "“\(path)” is not as it was exported: \(reason).",
            hint: "Compare it with another copy, or export it again.")
    }
}

/// A head of a ledger that was kept: as `SIZE:ROOT`, or in a file.
func keptHead(_ text: String) throws -> LedgerHead {
    if let head = LedgerHead(text) { return head }
    return try LedgerHead(kept: try contents(of: text, limit: 1 << 20))
}

/// - Throws: `PRJ-006` where there is no such file, `IN-009` when it is larger.
func contents(of path: String, limit: Int) throws -> [UInt8] {
    guard let file = FileHandle(forReadingAtPath: path) else { throw missing(path) }
    defer { try? file.close() }
    return try readAll(of: file, named: "“\(path)”", limit: limit)
}

private func missing(_ path: String) -> Refusal {
    Refusal(
        .fileMissing, .notFound, "There is no file “\(path)” that can be read.",
        hint: "Check the path; it is case-sensitive.")
}
