// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// What a step of a graph has done since it was loaded.
package struct StepCounts: Sendable, Hashable {
    package let name: String
    /// `transform`, `model` or `combine`.
    package let kind: String
    package let calls: Int
    /// Rows that it worked on; fewer than the graph's where it runs for some only.
    package let rows: Int
    package let failures: Int
    /// Rows whose answers were kept from before.
    package let cachedRows: Int
    package let nanoseconds: Int

    package init(
        name: String, kind: String, calls: Int, rows: Int, failures: Int, cachedRows: Int, nanoseconds: Int
    ) {
        self.name = name
        self.kind = kind
        self.calls = calls
        self.rows = rows
        self.failures = failures
        self.cachedRows = cachedRows
        self.nanoseconds = nanoseconds
    }
}

/// How long a step of a graph took in one call.
package struct StepTime: Sendable, Hashable {
    package let name: String
    package let rows: Int
    package let nanoseconds: Int

    package init(name: String, rows: Int, nanoseconds: Int) {
        self.name = name
        self.rows = rows
        self.nanoseconds = nanoseconds
    }
}

/// A step, and when it was noted.
package struct StepMark: Sendable, Hashable {
    package let time: StepTime
    package let ended: Moment
}

/// Where a call leaves how long its steps took.
package final class StepClock: Sendable {
    private let noted = Mutex<[StepMark]>([])

    package init() {}

    package var times: [StepTime] { noted.withLock { $0.map(\.time) } }
    package var marks: [StepMark] { noted.withLock(\.self) }

    /// - Parameter ended: When the step ended; now where that is not known.
    package func note(_ time: StepTime, ended: Moment = .now) {
        noted.withLock { $0.append(StepMark(time: time, ended: ended)) }
    }
}
