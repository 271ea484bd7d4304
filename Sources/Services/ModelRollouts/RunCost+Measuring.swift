// SPDX-License-Identifier: Apache-2.0
internal import InferenceServing
internal import ModelDomain
internal import ModelExecution
internal import Tensors

extension RunCost {
    /// Warms a model with rows of its own and measures what calls cost: one row, and many together where it takes them.
    ///
    /// The median of a few calls: the first ones pay for memory that later ones find ready. Blocks.
    ///
    /// - Returns: Without a row to measure with, a cost that no event loop would take on.
    init(measuring model: ProvenModel) {
        guard let first = model.examples.first else {
            self.init(oneRowNanoseconds: .max, furtherRowNanoseconds: 0)
            return
        }
        let oneRow = medianNanoseconds(of: model.engine, on: first.inputs)
        let company = Company(model, oneRowNanoseconds: oneRow)
        let joint = company.joinability()
        var further = oneRow
        // Measured with as many rows as may be joined; where none may, with what a caller might send in one call.
        let rows = max(joint.rows, min(model.examples.count, 32))
        if model.manifest.signature.isBatched, rows > 1, let joined = company.inputs(rows: rows) {
            further = max(0, medianNanoseconds(of: model.engine, on: joined) - oneRow) / (rows - 1)
        }
        self.init(
            oneRowNanoseconds: oneRow, furtherRowNanoseconds: further,
            oneRowBytes: first.inputs.reduce(0) { $0 + $1.storage.byteCount }, joint: joint)
    }
}

/// The median of at most 15 calls after 3 to warm up, over at most half a second.
private func medianNanoseconds(of engine: any InferenceEngine, on inputs: [Tensor]) -> Int {
    let clock = ContinuousClock()
    let deadline = clock.now + .milliseconds(500)
    var times: [Duration] = []
    for call in 0..<18 {
        let time = clock.measure { _ = try? engine.run(inputs) }
        if call >= 3 || clock.now > deadline { times.append(time) }
        if clock.now > deadline { break }
    }
    let median = times.sorted()[times.count / 2]
    return Int(clamping: median.components.seconds * 1_000_000_000 + median.components.attoseconds / 1_000_000_000)
}
