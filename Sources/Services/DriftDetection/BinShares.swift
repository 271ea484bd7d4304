// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import Statistics

/// A bin, or a category, as people see it.
package struct BinShare: Sendable, Hashable {
    package let label: String
    /// Shares of the rows.
    package let before: Double
    package let now: Double
}

/// What the counts of a column are beside its profile: bin by bin, of categories the most frequent ones, and missing values.
///
/// - Parameter most: Categories; all others are one.
package func shares(
    _ profile: Baseline.Profile, _ counts: MonitorPane.Counts, most: Int = 12
) -> [BinShare] {
    switch (profile, counts) {
    case (.numeric(let profile), .bins(let counts)):
        let labels = profile.bins.map(labels) ?? ["all"]
        guard labels.count == counts.bins.count else { return [] }
        return shares(labels + ["missing"], profile.distribution, counts.distribution)
    case (.categorical(let profile), .categories(let counts)):
        guard profile.categories.count == counts.known.count else { return [] }
        let order = profile.categories.indices.sorted {
            (profile.categories[$1].count + counts.known[$1], $0) < (
                profile.categories[$0].count + counts.known[$0], $1
            )
        }
        let (shown, rest) = (order.prefix(most), order.dropFirst(most))
        return shares(
            shown.map { String(decoding: profile.categories[$0].bytes, as: UTF8.self) } + ["others", "missing"],
            shown.map { profile.categories[$0].count }
                + [rest.reduce(profile.other) { $0 + profile.categories[$1].count }, profile.missing],
            shown.map { counts.known[$0] } + [rest.reduce(counts.other) { $0 + counts.known[$1] }, counts.missing])
    default: return []
    }
}

private func shares(_ labels: [String], _ before: [Int], _ now: [Int]) -> [BinShare] {
    let (all, present) = (before.reduce(0.0) { $0 + Double($1) }, now.reduce(0.0) { $0 + Double($1) })
    return labels.indices.compactMap { place in
        guard before.indices.contains(place), now.indices.contains(place) else { return nil }
        // The rest that is nothing need not be looked at.
        if place >= labels.count - 2, before[place] == 0, now[place] == 0, labels.count > 3 { return nil }
        return BinShare(
            label: labels[place], before: Double(before[place]) / max(1, all), now: Double(now[place]) / max(1, present)
        )
    }
}

/// `≤ 3.2`, `3.2 … 4.1`, `= 0`, `> 9`: what is above the edge on the left, up to the one on the right.
private func labels(_ bins: NumericBins) -> [String] {
    let edges = bins.edges
    guard let first = edges.first, let last = edges.last else { return ["all"] }
    let inner = zip(edges, edges.dropFirst()).map { low, high in
        low.nextUp == high ? "= \(brief(high))" : "\(brief(low)) … \(brief(high))"
    }
    return ["≤ \(brief(first))"] + inner + ["> \(brief(last))"]
}

/// Four digits that say something.
private func brief(_ number: Double) -> String {
    guard number != 0, number.isFinite, abs(number) < 1e6, abs(number) >= 1e-4 else { return "\(number)" }
    var scale = 1.0
    while abs(number) * scale < 1000 { scale *= 10 }
    let rounded = (number * scale).rounded() / scale
    return Int(exactly: rounded).map(String.init) ?? "\(rounded)"
}
