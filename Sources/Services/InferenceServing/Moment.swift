// SPDX-License-Identifier: Apache-2.0

/// A moment of the continuous clock, in nanoseconds since the process first asked: cheap to compare and to add to, and
/// no change of the machine's date moves it.
package struct Moment: Sendable, Hashable, Comparable {
    package let nanoseconds: Int

    private static let start = ContinuousClock.now

    package init(nanoseconds: Int) { self.nanoseconds = nanoseconds }

    package init(_ instant: ContinuousClock.Instant) {
        let passed = Self.start.duration(to: instant)
        nanoseconds = Int(clamping: passed.attoseconds / 1_000_000_000)
    }

    package static var now: Moment { Moment(.now) }

    /// Later than every other moment.
    package static let never = Moment(nanoseconds: .max)

    /// - Returns: ``never`` when there is no such moment.
    package func after(_ nanoseconds: Int) -> Moment {
        let (sum, overflows) = self.nanoseconds.addingReportingOverflow(nanoseconds)
        return overflows ? .never : Moment(nanoseconds: sum)
    }

    /// Nanoseconds from `earlier` to this moment; at most a few centuries.
    package func since(_ earlier: Moment) -> Int {
        let (difference, overflows) = nanoseconds.subtractingReportingOverflow(earlier.nanoseconds)
        return overflows ? .max : difference
    }

    package static func < (left: Moment, right: Moment) -> Bool { left.nanoseconds < right.nanoseconds }
}
