// SPDX-License-Identifier: Apache-2.0
internal import Statistics

/// How many rows one call of a version takes, and how long that is thought to take: found from its calls, as a value.
///
/// The most rows grow while full calls stay clear of the budget, and shrink when one exceeds it: additive increase,
/// multiplicative decrease. Far below the budget they double: no further row costs more than the first one, so that twice
/// the rows take at most twice the time.
///
/// - SeeAlso: D. Crankshaw et al., *Clipper: A Low-Latency Online Prediction Serving System*, 2017 (4.3).
struct BatchSizing {
    /// The most rows that were shown to get, together, the answers that each gets alone.
    let most: Int
    /// The most rows of a call at the moment.
    private(set) var cap = 1
    private var line: DecayingLine

    init(cost: RunCost, most: Int) {
        self.most = most
        let isKnown = cost.oneRowNanoseconds < .max
        let (one, further) = isKnown ? (cost.oneRowNanoseconds, cost.furtherRowNanoseconds) : (0, 0)
        line = DecayingLine(slope: Double(further))
        guard isKnown else { return }
        line.record(1, Double(one))
        if most > 1 { line.record(Double(most), Double(one) + Double(further) * Double(most - 1)) }
    }

    /// How long a call of so many rows is thought to take.
    func nanoseconds(rows: Int) -> Int { max(0, Int(line.value(at: Double(rows)))) }

    /// A call ended.
    ///
    /// - Parameters:
    ///   - isFull: Whether it had as many rows as were allowed by ``cap``.
    ///   - budget: How long a call may take, in nanoseconds.
    mutating func ran(rows: Int, nanoseconds: Int, isFull: Bool, budget: Int) {
        // One that lost its core to somebody says little about the next one, unless that goes on.
        let expected = line.value(at: Double(rows))
        line.record(Double(rows), expected > 0 ? min(Double(nanoseconds), 4 * expected) : Double(nanoseconds))
        guard isFull else { return }
        if nanoseconds > budget {
            // One request with more rows than are joined says nothing about how many may be.
            if rows <= cap { cap = max(1, cap * 9 / 10) }
        } else if nanoseconds <= budget / 2 {
            cap = min(most, cap * 2)
        } else if nanoseconds <= budget / 10 * 9 {
            cap = min(most, cap + 1)
        }
    }
}

/// What waits at a version whose calls are joined goes at this pace: so many calls at once, in so long.
struct JointPace: Hashable {
    var calls: Double
    var nanoseconds: Int
}
