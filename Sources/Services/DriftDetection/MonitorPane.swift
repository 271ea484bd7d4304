// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
package import Statistics

/// Counts of some rows over the bins and categories of one baseline: of five minutes, and by addition of anything longer and
/// of several replicas.
package struct MonitorPane: Sendable, Hashable {
    package enum Counts: Sendable, Hashable {
        case bins(BinCounts)
        case categories(CategoryCounts)
    }

    /// Of the baseline; counts of another one cannot be added.
    package let fingerprint: UInt64
    /// Rows that were answered, whether or not their values were there to be counted.
    package var rows = 0
    /// In the order of ``MonitorBaseline/columns``.
    package var columns: [Counts]

    /// Counts of nothing yet.
    package init(_ baseline: MonitorBaseline) {
        fingerprint = baseline.fingerprint
        columns = baseline.columns.map { column in
            switch column.column.profile {
            case .numeric(let profile): .bins(BinCounts(binCount: profile.bins?.count ?? 1))
            case .categorical(let profile): .categories(CategoryCounts(categoryCount: profile.categories.count))
            }
        }
    }

    init(fingerprint: UInt64, rows: Int, columns: [Counts]) {
        self.fingerprint = fingerprint
        self.rows = rows
        self.columns = columns
    }

    /// Adds what was counted elsewhere, in any order.
    ///
    /// - Returns: `false` when it was counted over another baseline, and is left out.
    @discardableResult
    package mutating func add(_ more: MonitorPane) -> Bool {
        guard fingerprint == more.fingerprint, columns.count == more.columns.count,
            zip(columns, more.columns).allSatisfy({ $0.isLike($1) })
        else { return false }
        rows &+= more.rows
        for place in columns.indices { columns[place].add(more.columns[place]) }
        return true
    }

    /// - Returns: `nil` for no panes. Those that do not fit the first are left out.
    package static func sum(_ panes: some Sequence<MonitorPane>) -> MonitorPane? {
        panes.reduce(nil as MonitorPane?) { sum, pane in
            guard var sum else { return pane }
            sum.add(pane)
            return sum
        }
    }
}

extension MonitorPane.Counts {
    package var rows: Int {
        switch self {
        case .bins(let counts): counts.rows
        case .categories(let counts): counts.rows
        }
    }

    fileprivate func isLike(_ other: Self) -> Bool {
        switch (self, other) {
        case (.bins(let one), .bins(let other)): one.bins.count == other.bins.count
        case (.categories(let one), .categories(let other)): one.known.count == other.known.count
        default: false
        }
    }

    fileprivate mutating func add(_ more: Self) {
        switch (take(), more) {
        case (.bins(var counts), .bins(let more)):
            counts += more
            self = .bins(counts)
        case (.categories(var counts), .categories(let more)):
            counts += more
            self = .categories(counts)
        case (let counts, _): self = counts
        }
    }

    /// Leaves nothing behind, so that counting into what is taken copies nothing.
    mutating func take() -> Self {
        let taken = self
        self = .bins(BinCounts(binCount: 0))
        return taken
    }
}
