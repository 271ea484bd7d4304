// SPDX-License-Identifier: Apache-2.0

/// Eigenvalues and eigenvectors of a symmetric matrix, by Jacobi's rotations: slow for large ones, and right to the last
/// digits for small ones.
///
/// - Parameter matrix: Symmetric, finite; shape `[n, n]`.
/// - Returns: Values descending, shape `[n]`, and their orthonormal vectors, shape `[n, n]`, a row each.
/// - Complexity: O(n³) a sweep, of which some ten are needed.
/// - SeeAlso: G. H. Golub and C. F. Van Loan, *Matrix Computations*, 8.5.
func symmetricEigen(_ matrix: [[Double]]) -> (values: [Double], vectors: [[Double]]) {
    let n = matrix.count
    var matrix = matrix
    var vectors = (0..<n).map { row in (0..<n).map { $0 == row ? 1.0 : 0.0 } }
    let total = matrix.reduce(0) { $0 + $1.reduce(0) { $0 + $1 * $1 } }
    for _ in 0..<100 {
        var apart = 0.0
        for row in 0..<n {
            for column in 0..<row { apart += matrix[row][column] * matrix[row][column] }
        }
        guard apart > total * 1e-32 else { break }
        for row in 0..<n {
            for column in row + 1..<max(n, row + 1) { rotate(&matrix, &vectors, row, column) }
        }
    }
    let order = (0..<n).sorted { matrix[$0][$0] > matrix[$1][$1] }
    return (order.map { matrix[$0][$0] }, order.map { vectors[$0] })
}

/// Turns the plane of two axes so that the element between them becomes 0.
private func rotate(_ matrix: inout [[Double]], _ vectors: inout [[Double]], _ p: Int, _ q: Int) {
    guard matrix[p][q] != 0 else { return }
    let theta = (matrix[q][q] - matrix[p][p]) / (2 * matrix[p][q])
    let tangent = (theta < 0 ? -1.0 : 1.0) / (abs(theta) + (theta * theta + 1).squareRoot())
    let cosine = 1 / (tangent * tangent + 1).squareRoot()
    let sine = tangent * cosine
    for k in matrix.indices {
        let (one, other) = (matrix[k][p], matrix[k][q])
        matrix[k][p] = cosine * one - sine * other
        matrix[k][q] = sine * one + cosine * other
    }
    for k in matrix.indices {
        let (one, other) = (matrix[p][k], matrix[q][k])
        matrix[p][k] = cosine * one - sine * other
        matrix[q][k] = sine * one + cosine * other
        let (first, second) = (vectors[p][k], vectors[q][k])
        vectors[p][k] = cosine * first - sine * second
        vectors[q][k] = sine * first + cosine * second
    }
}
