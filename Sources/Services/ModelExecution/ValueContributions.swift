// SPDX-License-Identifier: Apache-2.0

/// Shapley values of a sum that a model makes before it turns it into its answer: a margin.
package struct ValueContributions: Sendable {
    package let rowCount: Int
    /// Values of a row of all inputs, side by side in their order.
    package let valueCount: Int
    /// Row after row, of each the contributions of its values and then the expected sum: together they are the sum.
    package let numbers: [Double]

    /// - Precondition: `rowCount` · (`valueCount` + 1) numbers.
    package init(rowCount: Int, valueCount: Int, numbers: [Double]) {
        precondition(numbers.count == rowCount * (valueCount + 1), "a number for each value, and one more")
        self.rowCount = rowCount
        self.valueCount = valueCount
        self.numbers = numbers
    }

    package func contribution(row: Int, value: Int) -> Double { numbers[row * (valueCount + 1) + value] }
    package func expected(row: Int) -> Double { numbers[row * (valueCount + 1) + valueCount] }
}
