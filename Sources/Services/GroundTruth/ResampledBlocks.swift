// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Statistics

/// Rows drawn again and again, for the limits of figures that have no formula: entity by entity, since rows with one key are
/// no independent evidence. Many entities are put into a hundred blocks, so that a million rows cost what thousands do.
struct ResampledBlocks {
    private static let mostBlocks = 100
    private static let leastBlocks = 20
    private static let resampleCount = 2000
    /// The same in every report, so that figures of the same rows are the same.
    private static let seed: UInt64 = 41

    private let blocks: [[Int]]

    /// - Parameter entities: Whose each row is.
    init(entities: [[UInt8]]) {
        let all = Bootstrap.entities(entities)
        guard all.count > Self.mostBlocks else {
            blocks = all
            return
        }
        var joined = [[Int]](repeating: [], count: Self.mostBlocks)
        for (index, entity) in all.enumerated() { joined[index % Self.mostBlocks] += entity }
        blocks = joined
    }

    /// - Parameters:
    ///   - columns: What is summed, row by row.
    ///   - statistic: Of the sums of drawn rows.
    /// - Returns: `nil` for too few entities.
    func interval(columns: [[Double]], _ statistic: ([Double]) -> Double?) -> ConfidenceInterval? {
        guard blocks.count >= Self.leastBlocks, let width = columns.first?.count else { return nil }
        let sums = blocks.map { rows in
            var sum = [Double](repeating: 0, count: width)
            for row in rows { for column in 0..<width { sum[column] += columns[row][column] } }
            return sum
        }
        return Bootstrap(rows: sums.count, resamples: Self.resampleCount, seed: Self.seed) { drawn in
            var total = [Double](repeating: 0, count: width)
            for block in drawn { for column in 0..<width { total[column] += sums[block][column] } }
            return statistic(total)
        }?.interval()
    }
}

/// −ln of the probability of what came true, clipped at 10⁻¹⁵.
func logLoss(_ probability: Double) -> Double { -log(max(probability, 1e-15)) }
