// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// What has come of a version since its last window was judged, and when that is enough.
package struct OpenWindow: Sendable, Hashable {
    /// A window that is over.
    package struct Closed: Sendable, Hashable {
        /// From 1, without gaps.
        package let number: Int
        package let start: Timestamp
        package let end: Timestamp
        package let pane: MonitorPane

        package init(number: Int, start: Timestamp, end: Timestamp, pane: MonitorPane) {
            (self.number, self.start, self.end, self.pane) = (number, start, end, pane)
        }
    }

    /// Begins where time is measured with the span that its end is in; of windows of rows, with the first row.
    package private(set) var start: Timestamp
    /// `nil` where nothing came yet.
    package private(set) var pane: MonitorPane?
    /// Windows that are over.
    package private(set) var count: Int
    /// When the first of all began.
    package private(set) var since: Timestamp

    package init(at time: Timestamp) {
        (start, pane, count, since) = (time, nil, 0, time)
    }

    /// As it was stored.
    package init(start: Timestamp, pane: MonitorPane?, count: Int, since: Timestamp) {
        (self.start, self.pane, self.count, self.since) = (start, pane, count, since)
    }

    /// Adds what was counted.
    ///
    /// - Parameters:
    ///   - first: When the first of these rows came. Earlier ones than those of this window, which were late, are added to it.
    ///   - last: When the last of them did.
    /// - Returns: What is over by that.
    package mutating func add(
        _ more: MonitorPane, from first: Timestamp, to last: Timestamp, _ window: MonitorWindow
    ) -> [Closed] {
        let over = advance(to: first, window)
        if pane == nil { start = window.start(of: first) }
        if pane?.add(more) != true { pane = more }
        guard case .rows(let wanted) = window, let pane, pane.rows >= wanted else { return over }
        return over + [close(pane, at: last)]
    }

    /// - Returns: The window whose time is up.
    package mutating func advance(to time: Timestamp, _ window: MonitorWindow) -> [Closed] {
        guard let end = end(window), time >= end, let pane else { return [] }
        return [close(pane, at: end)]
    }

    /// When it is over, whatever comes; `nil` where rows decide, or nothing has come.
    package func end(_ window: MonitorWindow) -> Timestamp? {
        guard case .time(let length) = window, pane != nil else { return nil }
        return window.start(of: start).after(length)
    }

    /// Windows that are judged each day.
    package func windowsPerDay(_ window: MonitorWindow, at time: Timestamp) -> Double {
        switch window {
        case .time(let length): return 86_400 / Double(length.seconds)
        case .rows:
            let days = Double(time.microseconds - since.microseconds) / 86_400e6
            return min(86_400, max(1, Double(count) / max(days, 1e-9)))
        }
    }

    private mutating func close(_ pane: MonitorPane, at end: Timestamp) -> Closed {
        count += 1
        if count == 1 { since = start }
        let closed = Closed(number: count, start: start, end: max(start, end), pane: pane)
        self.pane = nil
        start = closed.end
        return closed
    }
}

extension MonitorWindow {
    /// Of windows of time all replicas have the same ones: they begin where a whole number of them has passed since 1970.
    fileprivate func start(of time: Timestamp) -> Timestamp {
        guard case .time(let length) = self else { return time }
        let duration = Int64(length.seconds) * 1_000_000
        let rest = time.microseconds % duration
        return Timestamp(microseconds: time.microseconds - (rest < 0 ? rest + duration : rest))
    }
}
