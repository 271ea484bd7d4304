// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// The time of day, as far as it is believed: a clock that jumps is followed only once it has stayed where it jumped to.
///
/// Until then time goes on from where it was, by what has passed since. So a clock that is wrong for minutes ends no silence,
/// gives up no notice, and lets no certificate end.
package struct SteadyTime: Sendable {
    /// How far the clock may be off without having jumped.
    private static let tolerance: Int64 = 60_000_000
    private let patience: Int64
    private var last: (time: Timestamp, uptime: Int64)?
    /// Since when the clock says something else.
    private var disagreesSince: Int64?

    /// - Parameter patience: For how long a clock has to stay where it jumped to.
    package init(patience: Duration) { self.patience = patience.microseconds }

    /// - Parameters:
    ///   - clock: What the machine's clock says.
    ///   - uptime: Microseconds of a clock that nobody sets.
    package mutating func now(_ clock: Timestamp, uptime: Int64) -> Timestamp {
        guard let last else {
            self.last = (clock, uptime)
            return clock
        }
        let expected = Timestamp(microseconds: last.time.microseconds + max(0, uptime - last.uptime))
        let (difference, overflows) = clock.microseconds.subtractingReportingOverflow(expected.microseconds)
        let isNear = !overflows && difference.magnitude <= Self.tolerance.magnitude
        let since = disagreesSince ?? uptime
        let isFollowed = isNear || uptime - since >= patience
        disagreesSince = isFollowed ? nil : since
        let time = isFollowed ? clock : expected
        self.last = (time, uptime)
        return time
    }
}
