// SPDX-License-Identifier: Apache-2.0

/// Cuts a file into parts that a server takes at once, each with the file's header where it has one. A record is not cut: a
/// line break inside of quotes is none.
struct FeedbackParts {
    static let recordLimit = 50_000
    private static let byteLimit = 16 << 20

    private let hasHeader: Bool
    private var header: [UInt8]?
    private var pending: [UInt8] = []
    /// Up to where ``pending`` was looked at.
    private var seen = 0
    /// Behind the last record that is whole.
    private var end = 0
    private var records = 0
    private var isInQuotes = false
    private var isFinished = false

    init(hasHeader: Bool) { self.hasHeader = hasHeader }

    mutating func take(_ piece: [UInt8]) { pending += piece }

    mutating func finish() { isFinished = true }

    /// The next part; `nil` until more is there.
    mutating func next() -> [UInt8]? {
        while seen < pending.count {
            let byte = pending[seen]
            seen += 1
            if byte == UInt8(ascii: "\""), hasHeader {
                isInQuotes.toggle()
            } else if byte == UInt8(ascii: "\n"), !isInQuotes {
                end = seen
                records += 1
                if hasHeader, header == nil {
                    header = Array(pending[..<end])
                    drop()
                } else if records >= Self.recordLimit || end >= Self.byteLimit {
                    return part()
                }
            }
        }
        guard isFinished, !pending.isEmpty else { return nil }
        end = pending.count
        return part()
    }

    private mutating func part() -> [UInt8] {
        let part = (header ?? []) + pending[..<end]
        drop()
        return part
    }

    private mutating func drop() {
        pending.removeFirst(end)
        (seen, end, records) = (0, 0, 0)
    }
}
