// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// What became of labels that came together.
package struct FeedbackReceipt: Sendable {
    package struct Problem: Sendable {
        /// Of the label among those that came together, from 1.
        package let position: Int
        package let explanation: Explanation
    }

    package var count = 0
    /// Now belong to their predictions.
    package var joined = 0
    /// Took the place of another one.
    package var corrected = 0
    /// Were known already.
    package var repeated = 0
    /// Wait for their predictions.
    package var waiting = 0
    package var late = 0
    package var refused = 0
    /// Of those that were refused or came too late, the first ones.
    package private(set) var problems: [Problem] = []

    package init() {}

    /// Those that are kept now.
    package var accepted: Int { joined + corrected + repeated + waiting }

    private static let problemLimit = 100

    mutating func refuse(_ position: Int, _ explanation: Explanation) {
        refused += 1
        note(position, explanation)
    }

    mutating func note(_ position: Int, _ explanation: Explanation) {
        guard problems.count < Self.problemLimit else { return }
        problems.append(Problem(position: position, explanation: explanation))
    }

    /// For what was refused before it came here.
    package mutating func refuse(_ position: Int, _ refusal: Refusal) {
        count += 1
        refuse(position, refusal.explanation)
    }

    package mutating func add(_ other: FeedbackReceipt) {
        count += other.count
        joined += other.joined
        corrected += other.corrected
        repeated += other.repeated
        waiting += other.waiting
        late += other.late
        refused += other.refused
        problems = Array((problems + other.problems).prefix(Self.problemLimit))
    }

    package mutating func sortProblems() { problems.sort { $0.position < $1.position } }
}
