// SPDX-License-Identifier: Apache-2.0

/// Text in columns, two spaces apart.
struct Table {
    var header: [String] = []
    var rows: [[String]]
    /// Columns of numbers, which are aligned at their right.
    var numbers: Set<Int> = []

    var text: String {
        let lines = (header.isEmpty ? [] : [header]) + rows.map { $0.map(\.printable) }
        let widths = lines.reduce(into: [Int]()) { widths, line in
            for (column, cell) in line.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], cell.count)
            }
        }
        return lines.map { line in
            let cells = line.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                return numbers.contains(column) ? padding + cell : cell + padding
            }
            let text = cells.joined(separator: "  ")
            return String(text.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }
}
