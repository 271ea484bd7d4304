// SPDX-License-Identifier: Apache-2.0
internal import Tensors

/// As `QuantileTransformer`: the place of a value among the quantiles of the training data.
func buildQuantile(_ fields: OperationFields, _ builder: inout ProgramBuilder) throws(TableFault) {
    try fields.require(only: "quantiles", "references", "output")
    let values = try builder.floatingValues(of: try fields.columns())
    guard let references = try fields.numbers("references"), references.count >= 2 else {
        throw fields.wrong("references", "two numbers and more")
    }
    guard let quantiles = try fields.rows("quantiles", count: values.count, width: references.count) else {
        throw fields.wrong("quantiles", "\(values.count) lists of \(references.count) numbers")
    }
    for list in quantiles where zip(list, list.dropFirst()).contains(where: { !($0 <= $1) }) {
        throw TableFault("“quantiles” are not in order")
    }
    let output = try fields.choice("output", of: QuantileOutput.self) ?? .uniform
    guard output == .uniform else { throw fields.wrong("output", "uniform") }
    builder.operations.append(
        PlaceAmongQuantiles(
            values: values, upward: quantiles, downward: quantiles.map { $0.reversed().map(-) }, references: references)
    )
}

private enum QuantileOutput: String, CaseIterable { case uniform }

struct PlaceAmongQuantiles: TableOperation {
    let values: [(slot: Int, rounding: Rounding)]
    let upward: [[Double]]
    /// The same with other signs, from the other end.
    let downward: [[Double]]
    let references: [Double]

    func run(_ table: inout WorkTable) {
        let mirrored = references.reversed().map { -$0 }
        for (index, value) in values.enumerated() {
            table.update(value.slot, value.rounding) { place($0, upward[index], downward[index], mirrored) }
        }
    }

    /// Where several quantiles are equal, the mean of the first and of the last place.
    private func place(_ value: Double, _ upward: [Double], _ downward: [Double], _ mirrored: [Double]) -> Double {
        if value.isNaN { return value }
        if value == upward[0] { return 0 }
        if value == upward[upward.count - 1] { return 1 }
        return 0.5 * (interpolated(value, upward, references) - interpolated(-value, downward, mirrored))
    }

    var flows: [SlotFlow] { values.map(\.slot).inPlace }
}

/// Between the two neighbours on a line; at an end, the end's.
func interpolated(_ value: Double, _ places: [Double], _ heights: [Double]) -> Double {
    if value <= places[0] { return heights[0] }
    if value >= places[places.count - 1] { return heights[heights.count - 1] }
    var low = 0
    var high = places.count - 1
    while high - low > 1 {
        let middle = (low + high) / 2
        if places[middle] <= value { low = middle } else { high = middle }
    }
    let slope = (heights[high] - heights[low]) / (places[high] - places[low])
    return slope * (value - places[low]) + heights[low]
}
