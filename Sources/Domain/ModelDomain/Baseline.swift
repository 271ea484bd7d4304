// SPDX-License-Identifier: Apache-2.0
package import Statistics

/// The profile of a table, column by column: what training data looked like, or the first rows that came. Never a row.
package struct Baseline: Sendable, Hashable {
    package enum Profile: Sendable, Hashable {
        case numeric(NumericProfile)
        case categorical(CategoricalProfile)
    }

    package struct Column: Sendable, Hashable {
        package let name: String
        package let profile: Profile

        package init(_ name: String, _ profile: Profile) {
            self.name = name
            self.profile = profile
        }

        /// Names are compared byte by byte.
        package static func == (one: Column, other: Column) -> Bool {
            one.name.utf8.elementsEqual(other.name.utf8) && one.profile == other.profile
        }

        package func hash(into hasher: inout Hasher) {
            for byte in name.utf8 { hasher.combine(byte) }
            hasher.combine(profile)
        }
    }

    /// Rows of the table; a column with several values a row counts them all.
    package let rows: Int
    package let columns: [Column]

    package init(rows: Int, columns: [Column]) {
        self.rows = rows
        self.columns = columns
    }
}
