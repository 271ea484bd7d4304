// SPDX-License-Identifier: Apache-2.0

/// Finds the smallest of several settings that holds. Like ``KneeSearch``, which it runs for each of them, it is told what
/// came of a step and says which one is next.
struct Sizing: Equatable {
    enum Goal: Equatable {
        /// A rate has to hold, and if possible one with a margin above it.
        case rate(Int, withMargin: Int)
        /// The highest rate that any setting holds.
        case highest
    }

    enum Next: Equatable {
        case measure(setting: Int, rate: Int)
        /// - Parameter isEnough: Whether the wanted rate holds; where none was wanted, whether any does.
        case done(setting: Int, isEnough: Bool)
    }

    /// For the highest rate, settings whose knees are no further apart count as equal: the smaller one is taken.
    static let tolerance = 1

    let goal: Goal
    private(set) var searches: [KneeSearch]
    private let stride: Int

    /// - Parameters:
    ///   - settings: How many there are, smallest first; at least one.
    ///   - start: The first rate of the first setting.
    ///   - range: The lowest and highest rates that are tried.
    init(settings: Int, goal: Goal, start: Int, range: ClosedRange<Int>, stride: Int) {
        precondition(settings > 0, "nothing to choose from")
        self.goal = goal
        self.stride = stride
        searches = Array(repeating: KneeSearch(start: start, range: range, stride: stride), count: settings)
    }

    mutating func note(_ outcome: KneeSearch.Outcome, setting: Int, rate: Int) {
        searches[setting].note(outcome, at: rate)
        // What a smaller setting held is where the next one starts.
        let following = setting + 1
        if following < searches.count, searches[following].steps == 0, let held = searches[setting].lower {
            searches[following] = KneeSearch(start: held, range: searches[setting].range, stride: stride)
        }
    }

    var next: Next {
        switch goal {
        case .rate(let rate, let withMargin): nextForRate(rate, withMargin)
        case .highest: nextForHighest
        }
    }

    private func nextForRate(_ rate: Int, _ withMargin: Int) -> Next {
        // Once a larger setting has been tried, the smaller ones were not enough: that is settled.
        for wanted in [withMargin, rate] {
            for setting in searches.indices {
                if let step = step(setting, thoroughly: false) { return step }
                guard holds(setting, wanted) else { continue }
                if let step = step(setting, thoroughly: true) { return step }
                if holds(setting, wanted) { return .done(setting: setting, isEnough: true) }
            }
        }
        let best = smallest(within: 0)
        return step(best, thoroughly: true) ?? .done(setting: best, isEnough: holds(best, rate))
    }

    private var nextForHighest: Next {
        for setting in searches.indices {
            if let step = step(setting, thoroughly: false) { return step }
        }
        let best = smallest(within: Self.tolerance)
        return step(best, thoroughly: true) ?? .done(setting: best, isEnough: searches[best].lower != nil)
    }

    private func step(_ setting: Int, thoroughly: Bool) -> Next? {
        searches[setting].next(thoroughly: thoroughly).map { .measure(setting: setting, rate: $0) }
    }

    private func holds(_ setting: Int, _ rate: Int) -> Bool { searches[setting].lower.map { $0 >= rate } ?? false }

    /// The smallest setting whose knee is that close to the highest of all.
    private func smallest(within tolerance: Int) -> Int {
        let highest = searches.compactMap(\.lower).max() ?? .min
        return searches.indices.first { searches[$0].lower.map { $0 >= highest - tolerance } ?? false } ?? 0
    }
}
