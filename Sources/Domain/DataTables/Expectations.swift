// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import Statistics

/// What a table has to be like before anybody trains on it.
package struct Expectations: Sendable, Hashable {
    /// A lowest and a highest value, either of which may be left open.
    package struct Bounds: Sendable, Hashable {
        package let lowest: Double?
        package let highest: Double?

        package init(_ lowest: Double?, _ highest: Double?) {
            self.lowest = lowest
            self.highest = highest
        }

        package func contain(_ value: Double) -> Bool {
            lowest.map { value >= $0 } ?? true && highest.map { value <= $0 } ?? true
        }
    }

    package struct Column: Sendable, Hashable {
        package let name: String
        /// Whole numbers are numbers, too.
        package var type: ColumnType?
        /// The largest share of cells without a value.
        package var missing: Double?
        /// Of times as seconds since 1970.
        package var range: Bounds?
        /// All that a cell may say, missing ones aside.
        package var values: [[UInt8]]?
        package var isUnique = false
        /// How old the newest time may be.
        package var age: Lifetime?

        package init(_ name: String) { self.name = name }
    }

    package var rows: Bounds?
    package var columns: [Column] = []
    /// Whether there may be columns that are not among ``columns``.
    package var allowsOthers = true
    package var relations: [Relation] = []

    package init() {}

    /// What the data of a version was like, with some room around it.
    package init(suggestedBy manifest: DatasetManifest) {
        rows = Bounds((Double(manifest.rowCount) / 2).rounded(.down), Double(manifest.rowCount) * 2)
        columns = manifest.profiles.map { profile in
            var column = Column(profile.column.name)
            column.type = profile.column.type == .empty ? nil : profile.column.type
            column.missing = profile.missing == 0 ? 0 : roundedUp(min(1, profile.missingShare * 1.5 + 0.01), digits: 3)
            column.isUnique = manifest.key == [profile.column.name]
            switch profile.values {
            case .numbers(let numbers): column.range = numbers.room(as: profile.column.type)
            case .categories(let categories)
            where categories.other == 0 && (1...20).contains(categories.categories.count):
                // Few values in many rows are all that there are; else they are some of more.
                if categories.count - categories.missing >= 10 * categories.categories.count {
                    column.values = categories.categories.map(\.bytes)
                }
            case .categories: break
            }
            return column
        }
    }
}

extension NumberSummary {
    /// From the least to the greatest value, and a quarter of that distance on both sides, without changing the sign of
    /// what has one sign; `nil` for times, which go on.
    fileprivate func room(as type: ColumnType) -> Expectations.Bounds? {
        guard type != .time, let minimum, let maximum else { return nil }
        let margin = maximum / 4 - minimum / 4
        let lowest = minimum >= 0 ? max(0, minimum - margin) : minimum - margin
        let highest = maximum <= 0 ? min(0, maximum + margin) : maximum + margin
        let ends = [short(lowest, .down), short(highest, .up)].map { $0.isFinite ? $0 : nil }
        return type == .integer
            ? Expectations.Bounds(ends[0]?.rounded(.down), ends[1]?.rounded(.up))
            : Expectations.Bounds(ends[0], ends[1])
    }
}

/// Three digits that count, towards the side that takes more in.
private func short(_ value: Double, _ rule: FloatingPointRoundingRule) -> Double {
    guard value != 0, value.isFinite else { return value }
    var unit = 1.0
    while abs(value) / unit >= 1000 { unit *= 10 }
    while abs(value) / unit < 100 { unit /= 10 }
    // Divided by a whole number where that is possible, so that 0.3 is written so.
    let rounded =
        unit >= 1
        ? (value / unit).rounded(rule) * unit : (value * (1 / unit).rounded()).rounded(rule) / (1 / unit).rounded()
    return rounded.isFinite ? rounded : value
}

private func roundedUp(_ value: Double, digits: Int) -> Double {
    let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
    return (value * scale).rounded(.up) / scale
}
