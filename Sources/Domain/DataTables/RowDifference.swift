// SPDX-License-Identifier: Apache-2.0

/// Which rows one version of a table has and another does not, told from the digests of their rows.
package struct RowDifference: Sendable, Hashable {
    /// Rows that both have, however often.
    package private(set) var same = 0
    package private(set) var added = 0
    package private(set) var removed = 0
    /// Rows of one key that say something else; 0 without a key.
    package private(set) var changed = 0
    /// Positions of the first of them, counted from 0: in the newer version, and ``removedRows`` in the older one.
    package private(set) var addedRows: [Int] = []
    package private(set) var removedRows: [Int] = []
    package private(set) var changedRows: [(older: Int, newer: Int)] = []
    /// Whether rows of one key were held against each other.
    package let isByKey: Bool

    /// How many positions are remembered of each kind.
    package static let positionLimit = 1000

    /// One row, as its version knows it.
    package struct Row: Sendable, Hashable {
        /// `nil` where the table has no key.
        package let key: RowDigest?
        package let digest: RowDigest

        package init(key: RowDigest?, digest: RowDigest) {
            self.key = key
            self.digest = digest
        }
    }

    /// By their keys where both versions have some that tell every row apart, else by what the rows say.
    ///
    /// - Complexity: O(n) in time and memory.
    package init(older: [Row], newer: [Row]) {
        if let old = positionsByKey(older), let new = positionsByKey(newer) {
            isByKey = true
            compare(older, old, newer, new)
        } else {
            isByKey = false
            compare(older, newer)
        }
    }

    private mutating func compare(
        _ older: [Row], _ oldPositions: [RowDigest: Int], _ newer: [Row], _ newPositions: [RowDigest: Int]
    ) {
        for (position, row) in newer.enumerated() {
            guard let key = row.key, let old = oldPositions[key] else {
                add(position)
                continue
            }
            if older[old].digest == row.digest {
                same += 1
            } else {
                changed += 1
                if changedRows.count < Self.positionLimit { changedRows.append((old, position)) }
            }
        }
        for (position, row) in older.enumerated() where row.key.map({ newPositions[$0] == nil }) ?? true {
            remove(position)
        }
    }

    private mutating func compare(_ older: [Row], _ newer: [Row]) {
        var left = newer.reduce(into: [RowDigest: Int]()) { $0[$1.digest, default: 0] += 1 }
        var matched: [RowDigest: Int] = [:]
        for (position, row) in older.enumerated() {
            if let count = left[row.digest], count > 0 {
                left[row.digest] = count - 1
                matched[row.digest, default: 0] += 1
                same += 1
            } else {
                remove(position)
            }
        }
        for (position, row) in newer.enumerated() {
            if let count = matched[row.digest], count > 0 {
                matched[row.digest] = count - 1
            } else {
                add(position)
            }
        }
    }

    private mutating func add(_ position: Int) {
        added += 1
        if addedRows.count < Self.positionLimit { addedRows.append(position) }
    }

    private mutating func remove(_ position: Int) {
        removed += 1
        if removedRows.count < Self.positionLimit { removedRows.append(position) }
    }

    package static func == (one: RowDifference, other: RowDifference) -> Bool {
        one.same == other.same && one.added == other.added && one.removed == other.removed
            && one.changed == other.changed && one.addedRows == other.addedRows
            && one.removedRows == other.removedRows && one.isByKey == other.isByKey
            && one.changedRows.elementsEqual(other.changedRows) { $0 == $1 }
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine([same, added, removed, changed])
        hasher.combine(addedRows)
    }
}

/// `nil` when a row has no key, or two have the same.
private func positionsByKey(_ rows: [RowDifference.Row]) -> [RowDigest: Int]? {
    var positions: [RowDigest: Int] = [:]
    positions.reserveCapacity(rows.count)
    for (position, row) in rows.enumerated() {
        guard let key = row.key, positions.updateValue(position, forKey: key) == nil else { return nil }
    }
    return positions
}

extension DatasetManifest {
    /// What the content ``rows`` says of each row.
    ///
    /// - Parameter bytes: All of it; as many as the manifest says.
    package func digests(_ bytes: [UInt8]) -> [RowDifference.Row] {
        stride(from: 0, to: bytes.count - rowWidth + 1, by: rowWidth).map { start in
            let middle = start + RowDigest.byteCount
            guard !key.isEmpty else { return .init(key: nil, digest: RowDigest(bytes[start..<middle])) }
            return .init(
                key: RowDigest(bytes[start..<middle]), digest: RowDigest(bytes[middle..<(start + rowWidth)]))
        }
    }
}
