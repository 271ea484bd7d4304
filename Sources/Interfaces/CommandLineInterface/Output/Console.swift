// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain

/// Where a command reads and writes: results go to standard output, everything else to standard error.
package struct Console: Sendable {
    package enum Stream: Sendable { case output, diagnostics }

    private let writeBytes: @Sendable (Stream, [UInt8]) throws -> Void
    private let readBytes: @Sendable (_ limit: Int) throws -> [UInt8]
    /// Whether a person sees standard error.
    let isWatched: Bool
    /// Where a person sees standard output; `nil` where that goes elsewhere.
    let terminal: Terminal?
    package let environment: [String: String]

    @TaskLocal package static var current = Console.standard

    package init(
        isWatched: Bool, terminal: Terminal? = nil, environment: [String: String],
        write: @escaping @Sendable (Stream, [UInt8]) throws -> Void,
        read: @escaping @Sendable (_ limit: Int) throws -> [UInt8]
    ) {
        self.isWatched = isWatched
        self.terminal = terminal
        self.environment = environment
        writeBytes = write
        readBytes = read
    }

    /// The streams of this process.
    package static let standard = Console(
        isWatched: isatty(STDERR_FILENO) == 1, terminal: .standard(ProcessInfo.processInfo.environment),
        environment: ProcessInfo.processInfo.environment,
        write: { stream, bytes in
            try writeAll(bytes, to: stream == .output ? STDOUT_FILENO : STDERR_FILENO)
        },
        read: { limit in try readAll(of: .standardInput, named: "standard input", limit: limit) })

    /// Prints a part of the result.
    ///
    /// - Throws: ``OutputClosed`` when nobody reads on, `SYS-001` or `SYS-002` when it cannot be written.
    func line(_ text: String) throws { try line(Array(text.utf8)) }

    func line(_ bytes: [UInt8]) throws { try writeBytes(.output, bytes + [0x0A]) }

    /// A part of the result as it is, without the end of a line.
    func part(_ bytes: [UInt8]) throws { try writeBytes(.output, bytes) }

    /// Tells what is no result. What cannot be told is lost: a command does not fail for it.
    func note(_ text: String) { try? writeBytes(.diagnostics, Array("\(text)\n".utf8)) }

    /// Tells how far a long work is, to a person who watches.
    func progress(_ text: String) {
        if isWatched { note("  \(text.printable)") }
    }

    /// The whole of standard input.
    ///
    /// - Throws: `IN-009` when it has more than `limit` bytes.
    func input(limit: Int) throws -> [UInt8] { try readBytes(limit) }
}

/// Nobody reads what is printed any more, as with `slipway logs | head`.
struct OutputClosed: Error {}

private func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
        let written = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
        if written > 0 {
            rest = rest.dropFirst(written)
            continue
        }
        switch errno {
        case EINTR: continue
        case EAGAIN:
            // Whoever shares the stream has set it to return at once; wait until it takes more.
            var stream = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            _ = unsafe poll(&stream, 1, -1)
        case EPIPE: throw OutputClosed()
        case ENOSPC, EDQUOT:
            throw Refusal(
                .diskFull, .unavailable, "The disk that the output goes to is full.", hint: "Free some space.")
        default:
            throw Refusal(.notWritable, .unavailable, "The output cannot be written.", hint: "Check where it goes to.")
        }
    }
}

/// - Throws: `IN-009` when there are more than `limit` bytes, `PRJ-006` when they cannot be read.
func readAll(of handle: FileHandle, named name: String, limit: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
        let piece: Data?
        do {
            piece = try handle.read(upToCount: 1 << 20)
        } catch {
            throw Refusal(
                .fileMissing, .invalidInput, "\(name.printable) cannot be read.", hint: "Check that it is a file.")
        }
        guard let piece, !piece.isEmpty else { return bytes }
        bytes += piece
        guard bytes.count <= limit else {
            throw Refusal(
                .limitExceeded, .tooLarge, "\(name.printable) has more than \(byteText(limit)).",
                hint: "Send less at a time.")
        }
    }
}
