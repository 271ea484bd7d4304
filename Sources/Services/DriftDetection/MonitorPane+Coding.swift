// SPDX-License-Identifier: Apache-2.0
internal import PredictionLogging
internal import Statistics

/// As panes are stored and sent; `docs/formats/monitor-pane.md`. One pane has one encoding.
extension MonitorPane {
    private static let mark = Array("SLPM".utf8) + [1]

    package var encoded: [UInt8] {
        var bytes = Self.mark
        for byte in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: fingerprint >> UInt64(8 * byte))) }
        put(rows, &bytes)
        put(columns.count, &bytes)
        for column in columns {
            switch column {
            case .bins(let counts):
                bytes.append(0)
                put(counts.bins.count, &bytes)
                for count in counts.bins + counts.others { put(count, &bytes) }
            case .categories(let counts):
                bytes.append(1)
                put(counts.known.count, &bytes)
                for count in counts.known + [counts.other, counts.missing, counts.typeErrors] { put(count, &bytes) }
            }
        }
        return bytes
    }

    /// - Returns: `nil` for what is no pane, or is written in another way than ``encoded`` does.
    package init?(encoded bytes: [UInt8]) {
        var scan = ByteScan(bytes[...])
        guard let mark = scan.slice(Self.mark.count), Array(mark) == Self.mark, let fingerprint = scan.fixed(),
            let rows = scan.number(), let count = scan.number(), count <= bytes.count
        else { return nil }
        var columns: [Counts] = []
        for _ in 0..<count {
            guard let kind = scan.byte(), let places = scan.number(), places <= bytes.count else { return nil }
            var numbers: [Int] = []
            for _ in 0..<places + (kind == 0 ? 6 : 3) {
                guard let number = scan.number() else { return nil }
                numbers.append(number)
            }
            switch kind {
            case 0:
                var counts = BinCounts(binCount: 0)
                counts.bins = Array(numbers.prefix(places))
                counts.others = Array(numbers.dropFirst(places))
                columns.append(.bins(counts))
            case 1:
                var counts = CategoryCounts(categoryCount: 0)
                counts.known = Array(numbers.prefix(places))
                (counts.other, counts.missing, counts.typeErrors) = (
                    numbers[places], numbers[places + 1], numbers[places + 2]
                )
                columns.append(.categories(counts))
            default: return nil
            }
        }
        self.init(fingerprint: fingerprint, rows: rows, columns: columns)
        guard scan.isAtEnd, encoded == bytes else { return nil }
    }
}

extension BinCounts {
    fileprivate var others: [Int] {
        get { [missing, typeErrors, positiveInfinities, negativeInfinities, belowMinimum, aboveMaximum] }
        set {
            (missing, typeErrors, positiveInfinities) = (newValue[0], newValue[1], newValue[2])
            (negativeInfinities, belowMinimum, aboveMaximum) = (newValue[3], newValue[4], newValue[5])
        }
    }
}

/// Seven bits a byte, the lowest first.
private func put(_ number: Int, _ bytes: inout [UInt8]) {
    var rest = UInt64(max(0, number))
    while rest >= 0x80 {
        bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
    }
    bytes.append(UInt8(rest))
}
