// SPDX-License-Identifier: Apache-2.0
import Statistics

let driftKinds: [VectorKind] = [
    VectorKind("gradient2", gradient2), VectorKind("servingParity", servingParity),
]

private func gradient2(_ input: VectorValue) throws -> Outcome {
    var limit = ConcurrencyLimit(
        initial: try input["initialLimit"].integer,
        range: try input["minLimit"].integer...input["maxLimit"].integer,
        smoothing: try input["smoothing"].number, headroom: try input["queueSize"].number,
        tolerance: try input["rttTolerance"].number, longWindow: try input["longWindow"].integer,
        warmUp: try input["warmup"].integer)
    let limits = try input["samples"].rows.map { sample in
        limit.record(time: sample[0], inFlight: Int(sample[1]))
        return limit.value
    }
    return .record(["limits": Outcome(limits), "finalEstimate": .number(limit.unrounded)])
}

private func servingParity(_ input: VectorValue) throws -> Outcome {
    let parity = OutputParity(
        expected: try input["expected"].numbersOrMissing, actual: try input["actual"].numbersOrMissing,
        absolute: try input["atol"].number, relative: try input["rtol"].number)
    let rows = try input["expected"].list.count
    return .record([
        "lengthMismatch": .bool(parity.lengthsDiffer), "failures": Outcome(parity.failures),
        "maxAbs": .number(parity.largestAbsolute), "maxRel": .number(parity.largestRelative),
        "nonFiniteMismatch": .count(parity.nonFiniteMismatches),
        "failFraction": .number(rows > 0 ? Double(parity.failures.count) / Double(rows) : 0),
        "pass": .bool(parity.agrees),
    ])
}
