// SPDX-License-Identifier: Apache-2.0
import Statistics

let servingKinds: [VectorKind] = [
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

/// The library takes no values at all as agreement, and no difference as 0; the vectors call both undefined.
private func servingParity(_ input: VectorValue) throws -> Outcome {
    let (expected, actual) = (try input["expected"].numbersOrMissing, try input["actual"].numbersOrMissing)
    let parity = OutputParity(
        expected: expected, actual: actual, absolute: try input["atol"].number, relative: try input["rtol"].number)
    let finite = zip(expected, actual).filter { $0.isFinite && $1.isFinite }
    return .record([
        "lengthMismatch": .bool(parity.lengthsDiffer), "failures": Outcome(parity.failures),
        "maxAbs": finite.isEmpty ? .undefined : .number(parity.largestAbsolute),
        "maxRel": finite.contains { $0.0 != 0 } ? .number(parity.largestRelative) : .undefined,
        "nonFiniteMismatch": .count(parity.nonFiniteMismatches),
        "failFraction": .number(expected.isEmpty ? 0 : Double(parity.failures.count) / Double(expected.count)),
        "pass": .bool(parity.agrees && !expected.isEmpty),
    ])
}
