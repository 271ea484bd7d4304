// SPDX-License-Identifier: Apache-2.0

/// The directions that most of what the training rows vary in lies along, and how far other rows stray from them: finds
/// relations between columns that broke while every single column looks as before.
///
/// Columns are standardised with the mean and the population deviation of the reference; the eigenvectors of their
/// covariance are kept, the largest first, until they explain more than the target. The error of a row z is ‖z − VVᵀz‖₂.
/// What is not finite counts as the column's mean.
///
/// - SeeAlso: I. T. Jolliffe, *Principal Component Analysis*, 2002.
package struct PrincipalComponents: Sendable, Hashable {
    /// Shape `[columns]`.
    package let means: [Double]
    /// Population standard deviations, 1 for a constant column; shape `[columns]`.
    package let deviations: [Double]
    /// Share of the variance that the first 1, 2, … components explain; shape `[columns]`.
    package let explained: [Double]
    /// Orthonormal, the most important first; shape `[components, columns]`.
    package let components: [[Double]]

    /// - Parameters:
    ///   - rows: The reference; shape `[rows, columns]`.
    ///   - explainedTarget: Between 0 and 1; the kept components explain more than this share.
    /// - Returns: `nil` when there is no row or no column, rows differ in length, or nothing varies.
    /// - Complexity: O(rows · columns² + columns³).
    package init?(of rows: [[Double]], explainedTarget: Double = 0.65) {
        guard let scales = columnScales(rows) else { return nil }
        (means, deviations) = scales
        let width = scales.means.count
        var covariance = [[Double]](repeating: [Double](repeating: 0, count: width), count: width)
        for row in rows {
            let z = standardised(row, scales.means, scales.deviations)
            for one in 0..<width {
                for other in one..<width { covariance[one][other] += z[one] * z[other] }
            }
        }
        for one in 0..<width {
            for other in one..<width {
                covariance[one][other] /= Double(rows.count)
                covariance[other][one] = covariance[one][other]
            }
        }
        let (values, vectors) = symmetricEigen(covariance)
        let clipped = values.map { max(0, $0) }
        let total = clipped.reduce(0, +)
        guard total > 0 else { return nil }
        var sum = 0.0
        explained = clipped.map { value in
            sum += value
            return sum / total
        }
        let kept = explained.firstIndex { $0 > explainedTarget } ?? width - 1
        components = Array(vectors.prefix(kept + 1))
    }

    /// How far each row lies from the kept directions, in standard deviations; shape `[rows]`.
    ///
    /// - Precondition: Rows have as many columns as the reference.
    package func reconstructionErrors(of rows: [[Double]]) -> [Double] {
        rows.map { row in
            var rest = standardised(row, means, deviations)
            for component in components {
                let share = zip(rest, component).reduce(0) { $0 + $1.0 * $1.1 }
                for column in rest.indices { rest[column] -= share * component[column] }
            }
            return rest.reduce(0) { $0 + $1 * $1 }.squareRoot()
        }
    }

    /// Mean and spread of the errors of one window.
    package func reconstruction(of rows: [[Double]]) -> Moments {
        reconstructionErrors(of: rows).reduce(into: Moments()) { $0.add($1) }
    }
}

/// Mean and population deviation of each column over its finite values, 1 for the deviation of a constant one.
///
/// - Returns: `nil` when there is no row or no column, or rows differ in length.
func columnScales(_ rows: [[Double]]) -> (means: [Double], deviations: [Double])? {
    guard let width = rows.first?.count, width > 0, rows.allSatisfy({ $0.count == width }) else { return nil }
    let columns = (0..<width).map { column in rows.reduce(into: Moments()) { $0.add($1[column]) } }
    return (
        columns.map { $0.mean ?? 0 },
        columns.map { moments in
            let deviation = (moments.populationVariance ?? 0).squareRoot()
            return deviation > 0 ? deviation : 1
        }
    )
}

/// What is not finite, before or after, is 0: the mean.
func standardised(_ row: [Double], _ means: [Double], _ deviations: [Double]) -> [Double] {
    precondition(row.count == means.count)
    return row.indices.map { column in
        let z = (row[column] - means[column]) / deviations[column]
        return z.isFinite ? z : 0
    }
}
