// SPDX-License-Identifier: Apache-2.0
import Foundation
import Statistics

/// What sketches promise about a generated stream, for one sketch and for the merge of several.
let sketchKinds: [VectorKind] = [VectorKind("sketchProperties", satisfies: sketchViolations)]

private func sketchViolations(_ test: VectorCase) throws -> [String] {
    let stream = uniformStream(seed: try test.input["seed"].integer, count: try test.input["n"].integer)
    let shards = try test.input["shards"].integer
    switch try test.input["transform"].text {
    case "uniform": return try quantileViolations(stream, shards, test.expected)
    case "exponential": return try quantileViolations(stream.map { -log1p(-$0) }, shards, test.expected)
    case "min(floor(1/u),1000000)":
        return try frequencyViolations(stream.map { Int(min(1 / $0, 1_000_000)) }, shards, test.expected)
    case let other: return [": no stream \(other)"]
    }
}

/// u = (s >> 11)/2⁵³ of s = s · 6364136223846793005 + 1442695040888963407 mod 2⁶⁴.
private func uniformStream(seed: Int, count: Int) -> [Double] {
    var state = UInt64(truncatingIfNeeded: seed)
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Double(state >> 11) / 0x1p53
    }
}

private func quantileViolations(_ values: [Double], _ shards: Int, _ expected: VectorValue) throws -> [String] {
    let sorted = values.sorted()
    var whole = QuantileSketch(k: try expected["kllK"].integer)
    var parts = (0..<shards).map { QuantileSketch(k: 200, seed: UInt64($0) + 7) }
    for (index, value) in values.enumerated() {
        whole.add(value)
        parts[index % shards].add(value)
    }
    let merged = parts.dropFirst().reduce(into: parts[0]) { $0.merge($1) }
    let largest = try expected["maxRankError"].number
    var violations: [String] = []
    for (name, sketch) in [("one", whole), ("merged", merged)] {
        for (text, value) in try expected["quantiles"].record {
            guard let q = Double(text), let answer = sketch.quantile(q) else { return [": no quantile \(text)"] }
            let exact = sorted[max(0, Int((q * Double(sorted.count)).rounded(.up)) - 1)]
            if try abs(exact - value.number) > 1e-9 { violations.append(": another stream at \(text)") }
            // With ties a value has every rank of its interval.
            let below = Double(sorted.count { $0 < answer }) / Double(sorted.count)
            let upTo = Double(sorted.count { $0 <= answer }) / Double(sorted.count)
            let error = max(0, below - q, q - upTo)
            if error > largest { violations.append(".\(name) at \(text): rank is wrong by \(error)") }
            if abs((sketch.share(upTo: answer) ?? 2) - upTo) > largest {
                violations.append(".\(name) at \(text): share is wrong")
            }
        }
        for (name, found, wanted) in [
            ("min", sketch.minimum, try expected["min"].number), ("max", sketch.maximum, try expected["max"].number),
        ] where abs((found ?? .nan) - wanted) > 1e-9 * abs(wanted) || found == nil {
            violations.append(".\(name): expected \(wanted), found \(String(describing: found))")
        }
        if sketch.count != values.count { violations.append(": counted \(sketch.count)") }
    }
    return violations
}

private struct FrequencySketches {
    var distinct: DistinctCounter
    var frequent: FrequentItems
    var counts: CountMinSketch

    mutating func add(_ bytes: [UInt8]) {
        distinct.add(bytes.span)
        frequent.add(bytes)
        counts.add(bytes.span)
    }

    mutating func merge(_ other: FrequencySketches) {
        distinct.merge(other.distinct)
        frequent.merge(other.frequent)
        counts.merge(other.counts)
    }
}

private func frequencyViolations(_ values: [Int], _ shards: Int, _ expected: VectorValue) throws -> [String] {
    let empty = FrequencySketches(
        distinct: DistinctCounter(precision: try expected["hllP"].integer),
        frequent: FrequentItems(capacity: try expected["spaceSavingCounters"].integer),
        counts: CountMinSketch(
            width: try expected["countMinWidth"].integer, depth: try expected["countMinDepth"].integer))
    var whole = empty
    var parts = [FrequencySketches](repeating: empty, count: shards)
    var exact: [Int: Int] = [:]
    for (index, value) in values.enumerated() {
        whole.add(Array(String(value).utf8))
        parts[index % shards].add(Array(String(value).utf8))
        exact[value, default: 0] += 1
    }
    let merged = parts.dropFirst().reduce(into: parts[0]) { $0.merge($1) }
    var violations: [String] = []
    let distinct = try expected["distinct"].integer
    if exact.count != distinct { violations.append(": another stream of \(exact.count) values") }
    for (name, sketches) in [("one", whole), ("merged", merged)] {
        let error = abs(sketches.distinct.estimate / Double(distinct) - 1)
        if try error > expected["hllMaxRelError"].number { violations.append(".\(name): distinct off by \(error)") }
        let items = Dictionary(uniqueKeysWithValues: sketches.frequent.mostFrequent.map { ($0.bytes, $0) })
        let slack = try expected["spaceSavingMaxOverestimate"].integer
        for (value, count) in exact {
            let item = items[Array(String(value).utf8)]
            if item == nil, count > slack { violations.append(".\(name): \(value) has no counter") }
            if let item, item.count < count || item.count > count + slack || item.count - item.excess > count {
                violations.append(".\(name): \(value) counted \(item.count) of \(count)")
            }
            if sketches.counts.frequency(of: Array(String(value).utf8).span) < count {
                violations.append(".\(name): \(value) estimated too low")
            }
        }
        for (text, count) in try expected["top"].record {
            let found = try sketches.counts.frequency(of: Array(text.utf8).span) - count.integer
            if try found < 0 || found > expected["countMinMaxOverestimate"].integer {
                violations.append(".\(name).top.\(text): off by \(found)")
            }
        }
    }
    return violations
}
