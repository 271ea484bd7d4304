// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
package import Statistics

/// How long labels are taken, and from when on they are judged. Both in microseconds.
///
/// A label is taken for as long as it can come: loans default after a year. A prediction is judged much earlier, once most
/// of those of its age have their labels: that is learned from the labels themselves.
package struct LabelWindows: Sendable, Hashable {
    /// From a prediction to its label, at most.
    package var longestDelay: Int
    /// A label waits for its prediction at most so long.
    package var longestWait: Int
    /// A prediction is mature after so long while nobody knows better.
    package var firstMaturity: Int
    /// Fewer labels than these say nothing about how late they come.
    package var leastLabels = 100

    package static let day = 86_400_000_000

    package init(longestDelay: Int = 730 * day, longestWait: Int = 3_600_000_000, firstMaturity: Int = 7 * day) {
        self.longestDelay = longestDelay
        self.longestWait = longestWait
        self.firstMaturity = firstMaturity
    }

    /// What decides which label belongs to which prediction.
    package var joining: LabelJoinRules { LabelJoinRules(joinWindow: longestDelay, orphanTimeToLive: longestWait) }

    /// What decides which prediction is old enough.
    ///
    /// - Parameter delays: Of labels that came, in any order.
    package func maturing(delays: [Int]) -> LabelJoinRules {
        guard delays.count >= leastLabels else {
            return LabelJoinRules(joinWindow: firstMaturity, orphanTimeToLive: longestWait)
        }
        let sorted = delays.sorted()
        let delay = sorted[min(sorted.count - 1, Int((0.95 * Double(sorted.count)).rounded(.up)) - 1)]
        return LabelJoinRules(joinWindow: min(max(0, delay), longestDelay), orphanTimeToLive: longestWait)
    }
}

extension LabelWindows {
    /// As late as the labels of these rows came.
    func maturing(_ rows: [LabelledRow]) -> LabelJoinRules {
        maturing(delays: rows.map { Int($0.labelledAt.microseconds - $0.predictedAt.microseconds) })
    }
}

extension LabelJoinRules {
    func isMature(_ predicted: Timestamp, at time: Timestamp) -> Bool {
        isMature(predictedAt: Int(predicted.microseconds), at: Int(time.microseconds))
    }
}
