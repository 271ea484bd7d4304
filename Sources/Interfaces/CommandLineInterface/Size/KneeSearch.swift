// SPDX-License-Identifier: Apache-2.0

/// Finds the knee of one setting: the highest rate at which the objectives hold. It is told what came of a rate and says
/// which one to try next; it measures nothing itself.
///
/// Rates rise by doubling until one misses, then halves of what is left are tried. A miss counts once it has happened
/// twice and more often than not, so that a hiccup of the machine is not taken for the knee. In the end the rates at both
/// sides of the knee are tried three times, and those that disagree make the interval wider.
struct KneeSearch: Equatable {
    enum Outcome: Equatable {
        case held
        case missed
        /// Missed because the load could not be generated.
        case beyondGenerator
    }

    /// What came of one rate.
    struct Tally: Equatable {
        var held = 0
        var missed = 0
        var beyond = 0

        var failed: Int { missed + beyond }
        var count: Int { held + failed }
        var isHeld: Bool { held > failed }
        var isFailed: Bool { failed >= 2 && failed > held }
    }

    /// How often the rates beside the knee are tried.
    static let repeats = 3
    /// The most steps of one search, should the machine never agree with itself.
    static let stepLimit = 60

    let start: Int
    /// The lowest and highest rates that are tried.
    let range: ClosedRange<Int>
    /// From a rate to the next while rates rise.
    let stride: Int
    private(set) var tallies: [Int: Tally] = [:]
    private(set) var steps = 0

    /// - Precondition: `stride` is more than 0.
    init(start: Int, range: ClosedRange<Int>, stride: Int) {
        precondition(stride > 0, "a search that stands still")
        self.range = range
        self.start = min(max(start, range.lowerBound), range.upperBound)
        self.stride = stride
    }

    mutating func note(_ outcome: Outcome, at index: Int) {
        var tally = tallies[index] ?? Tally()
        switch outcome {
        case .held: tally.held += 1
        case .missed: tally.missed += 1
        case .beyondGenerator: tally.beyond += 1
        }
        tallies[index] = tally
        steps += 1
    }

    /// The lowest rate that failed.
    private var upper: Int? { tallies.filter { $0.value.isFailed }.keys.min() }
    /// The highest rate that held below it.
    var lower: Int? {
        let upper = upper ?? .max
        return tallies.filter { $0.value.isHeld && $0.key < upper }.keys.max()
    }

    /// The rate to try next; `nil` when the search is over.
    ///
    /// - Parameter thoroughly: Whether the rates beside the knee are tried again.
    func next(thoroughly: Bool) -> Int? {
        guard steps < Self.stepLimit else { return nil }
        let doubtful = tallies.filter { !$0.value.isHeld && !$0.value.isFailed }.keys.min()
        if let doubtful { return doubtful }
        switch (lower, upper) {
        case (nil, nil): return start
        case (nil, let upper?):
            return upper == range.lowerBound ? nil : max(range.lowerBound, upper - 2 * stride)
        case (let lower?, nil):
            if lower < range.upperBound { return min(range.upperBound, lower + stride) }
            return thoroughly ? untried([lower]) : nil
        case (let lower?, let upper?):
            if upper - lower > 1 { return lower + (upper - lower) / 2 }
            return thoroughly ? untried([lower, upper]) : nil
        }
    }

    /// The first of `indices` that was not tried often enough.
    private func untried(_ indices: [Int]) -> Int? { indices.first { (tallies[$0]?.count ?? 0) < Self.repeats } }

    var knee: Knee {
        let tried = tallies.sorted { $0.key < $1.key }
        let firstFailure = tried.first { $0.value.failed > 0 }?.key ?? .max
        let lastSuccess = tried.last { $0.value.held > 0 }?.key ?? .min
        let limit: Knee.Limit =
            switch upper.flatMap({ tallies[$0] }) {
            case let tally? where tally.beyond >= tally.missed: .generator
            case .some: .server
            case nil: steps < Self.stepLimit ? .highestRate : .patience
            }
        return Knee(
            held: lower, failed: upper, surelyHeld: tried.last { $0.key < firstFailure }?.key,
            surelyFailed: tried.first { $0.key > lastSuccess }?.key, limit: limit)
    }
}

/// Where the objectives cease to hold, as places on the grid.
struct Knee: Equatable {
    /// What kept higher rates from holding.
    enum Limit: String, Encodable { case server, generator, highestRate, patience }

    /// The highest rate that held more often than not; `nil` when none did.
    let held: Int?
    /// The lowest that did not.
    let failed: Int?
    /// The highest rate up to which none ever failed.
    let surelyHeld: Int?
    /// The lowest rate from which on none ever held.
    let surelyFailed: Int?
    let limit: Limit

    /// Whether repeats of a rate disagreed.
    var isNoisy: Bool { surelyHeld != held || surelyFailed != failed }
}
