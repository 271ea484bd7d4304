// SPDX-License-Identifier: Apache-2.0
internal import Tensors

/// As `KNNImputer`: what is missing becomes the mean of the nearest rows of the training data that have it.
func buildNeighbourImpute(_ fields: OperationFields, _ builder: inout ProgramBuilder) throws(TableFault) {
    try fields.require(only: "rows", "neighbours", "weights", "fill")
    let values = try builder.floatingValues(of: try fields.columns())
    guard let rows = try fields.rows("rows", width: values.count), !rows.isEmpty else {
        throw fields.wrong("rows", "lists of \(values.count) numbers")
    }
    guard let fill = try fields.numbers("fill", count: values.count) else {
        throw fields.wrong("fill", "\(values.count) numbers")
    }
    builder.operations.append(
        ImputeByNeighbours(
            values: values, rows: rows, neighbours: try fields.integer("neighbours", in: 1...10_000) ?? 5,
            byDistance: try fields.choice("weights", of: NeighbourWeights.self) == .distance, fill: fill))
}

private enum NeighbourWeights: String, CaseIterable { case uniform, distance }

struct ImputeByNeighbours: TableOperation {
    let values: [(slot: Int, rounding: Rounding)]
    let rows: [[Double]]
    let neighbours: Int
    let byDistance: Bool
    let fill: [Double]

    func run(_ table: inout WorkTable) {
        for row in 0..<table.rowCount {
            let own = values.map { table[$0.slot, row] }
            guard own.contains(where: \.isNaN) else { continue }
            let distances = rows.map { distance(own, $0) }
            for (index, value) in values.enumerated() where own[index].isNaN {
                table[value.slot, row] = value.rounding(mean(of: index, distances))
            }
        }
    }

    /// Over the values that both have, scaled up to all: NaN when there are none.
    private func distance(_ one: [Double], _ other: [Double]) -> Double {
        var sum = 0.0
        var present = 0
        for (left, right) in zip(one, other) where !left.isNaN && !right.isNaN {
            sum += (left - right) * (left - right)
            present += 1
        }
        return present == 0 ? .nan : (sum / Double(present) * Double(one.count)).squareRoot()
    }

    private func mean(of index: Int, _ distances: [Double]) -> Double {
        let donors = rows.indices.filter { !rows[$0][index].isNaN }
        let near = donors.filter { !distances[$0].isNaN }.sorted { distances[$0] < distances[$1] }.prefix(neighbours)
        // Without a distance to anybody, the mean that was known in training.
        guard !near.isEmpty else { return fill[index] }
        guard byDistance else { return near.reduce(0) { $0 + rows[$1][index] } / Double(near.count) }
        let exact = near.filter { distances[$0] == 0 }
        let chosen = exact.isEmpty ? Array(near) : exact
        let weights = chosen.map { exact.isEmpty ? 1 / distances[$0] : 1 }
        let total = weights.reduce(0, +)
        return zip(chosen, weights).reduce(0) { $0 + rows[$1.0][index] * $1.1 } / total
    }

    /// One missing value depends on all others.
    var flows: [SlotFlow] { [SlotFlow(numbers: values.map(\.slot), targets: values.map(\.slot))] }
}
