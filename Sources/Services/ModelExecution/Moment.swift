// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// A moment in nanoseconds since the machine started: cheap to take, to compare and to add to, and
/// no change of the machine's date moves it.
package struct Moment: Sendable, Hashable, Comparable {
    package let nanoseconds: Int

    package init(nanoseconds: Int) { self.nanoseconds = nanoseconds }

    package static var now: Moment {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Moment(nanoseconds: time.tv_sec * 1_000_000_000 + time.tv_nsec)
    }

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
