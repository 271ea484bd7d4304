// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain
internal import Tensors

/// Rows as a person has them in a file, in one of the two forms that a server takes.
enum Rows: Equatable {
    case json([UInt8])
    case csv([UInt8])

    /// Far above what a server takes unless it was told to; it only keeps a mistake from filling the memory.
    static let byteLimit = 1 << 30

    /// - Parameter path: A file, or `-` for standard input.
    /// - Throws: `PRJ-006` when there is no such file, `IN-009` when it is too large, `IN-001` for a line that is no row.
    init(readFrom path: String) throws {
        guard path != "-" else {
            try self.init(Console.current.input(limit: Self.byteLimit), name: "standard input")
            return
        }
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw Refusal(
                .fileMissing, .notFound, "There is no file “\(path)” that can be read.",
                hint: "Check the path; it is case-sensitive.")
        }
        try self.init(readAll(of: file, named: "“\(path)”", limit: Self.byteLimit), name: path)
    }

    /// Goes by the ending of the name, and by the first character where that says nothing.
    init(_ bytes: [UInt8], name: String) throws {
        let isBlank = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
        let ending = name.split(separator: ".", omittingEmptySubsequences: false).last?.lowercased()
        switch (ending, bytes.first { !isBlank($0) }) {
        case ("csv", _): self = .csv(bytes)
        case ("json", _), (_, UInt8(ascii: "[")): self = .json(bytes)
        case ("jsonl", _), ("ndjson", _): self = .json(try Self.array(ofLines: bytes, name: name))
        case (_, UInt8(ascii: "{")):
            let isOneObject = (try? jsonMembers(of: bytes, limits: Self.limits)) != nil
            self = .json(isOneObject ? bytes : try Self.array(ofLines: bytes, name: name))
        default: self = .csv(bytes)
        }
    }

    /// One JSON array of JSON lines. Each line is looked at, so that a broken one is told by its number.
    private static func array(ofLines bytes: [UInt8], name: String) throws -> [UInt8] {
        var array: [UInt8] = [UInt8(ascii: "[")]
        for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            guard !line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) else { continue }
            do throws(CodecError) {
                _ = try jsonMembers(of: Array(line), limits: limits)
            } catch {
                throw Refusal(
                    .bodySyntax, .invalidInput, "Line \(index + 1) of \(name) is no row: \(error.message).",
                    hint: "Write one JSON object a line.")
            }
            if array.count > 1 { array.append(UInt8(ascii: ",")) }
            array += line
        }
        return array + [UInt8(ascii: "]")]
    }

    private static var limits: CodecLimits {
        var limits = CodecLimits.standard
        limits.maxBodyBytes = byteLimit
        return limits
    }
}
