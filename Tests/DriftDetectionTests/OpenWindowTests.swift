// SPDX-License-Identifier: Apache-2.0
import DriftDetection
import ModelDomain
import Testing

/// When what has come is enough to be judged.
struct OpenWindowTests {
    private let hour = MonitorWindow.standard

    private func pane(_ rows: Int) throws -> MonitorPane {
        var monitor = VersionMonitor(
            MonitorBaseline(
                inputs: training([("x", [1, 2, 3])]), inputOrigin: .training,
                outputs: Baseline(rows: 0, columns: []), outputOrigin: .traffic))
        monitor.observe(
            rows: rows, columns: [numbers("x", [Double](repeating: 1, count: rows))], outputs: [], at: time)
        return try #require(monitor.takePanes().first?.pane)
    }

    @Test func rowsEndAWindowOnceThereAreEnough() throws {
        var open = OpenWindow(at: time)
        #expect(open.add(try pane(300), from: time, to: time, .rows(500)).isEmpty)
        let closed = open.add(try pane(300), from: time.after(minutes: 1), to: time.after(minutes: 2), .rows(500))
        #expect(closed.map(\.pane.rows) == [600])
        #expect(closed.map(\.number) == [1])
        #expect(closed.map(\.start) == [time] && closed.map(\.end) == [time.after(minutes: 2)])
        #expect(open.pane == nil)
        // Time alone ends none.
        #expect(open.add(try pane(1), from: time, to: time, .rows(500)).isEmpty)
        #expect(open.advance(to: time.after(minutes: 100_000), .rows(500)).isEmpty)
    }

    @Test func hoursBeginWhereAllServersHaveThemBegin() throws {
        // 40 minutes past a full hour.
        let start = time.after(minutes: -(time.microseconds / 60_000_000 % 60) + 40)
        var open = OpenWindow(at: start)
        #expect(open.add(try pane(5), from: start, to: start, hour).isEmpty)
        #expect(open.start == start.after(minutes: -40))
        #expect(open.end(hour) == start.after(minutes: 20))
        // What was late is added to the window that is open.
        #expect(open.add(try pane(2), from: start.after(minutes: -90), to: start, hour).isEmpty)
        #expect(open.advance(to: start.after(minutes: 19), hour).isEmpty)
        let closed = open.add(try pane(3), from: start.after(minutes: 21), to: start.after(minutes: 21), hour)
        #expect(closed.map(\.pane.rows) == [7])
        #expect(closed.map(\.end) == [start.after(minutes: 20)])
        // A clock that jumps ends one window, and makes none for the days that nobody saw.
        #expect(open.advance(to: start.after(minutes: 60 * 24 * 365), hour).map(\.number) == [2])
        #expect(open.advance(to: start.after(minutes: 60 * 24 * 366), hour).isEmpty)
    }

    @Test func windowsOfRowsSayHowManyThereAreEachDay() throws {
        var open = OpenWindow(at: time)
        for minute in 0..<10 {
            let now = time.after(minutes: Int64(minute))
            _ = open.add(try pane(500), from: now, to: now, .rows(500))
        }
        #expect(open.windowsPerDay(.rows(500), at: time.after(minutes: 10)) == 1440)
        #expect(open.windowsPerDay(hour, at: time) == 24)
    }

    @Test(arguments: ["1h", "5m", "7d", "500rows", "1000000rows"])
    func windowsAreReadAsTheyAreWritten(text: String) {
        #expect(MonitorWindow(text)?.description == text)
    }

    @Test(arguments: ["", "59s", "8d", "499rows", "1000 rows", "-1rows", "rows", "1e3rows", "99999999rows", "1hour"])
    func whatIsNoWindowIsRefused(text: String) {
        #expect(MonitorWindow(text) == nil)
    }

    @Test func ratesOfFalseAlarmsAreOneInATime() {
        #expect(AlarmRate("1/30d")?.description == "1/30d")
        for text in ["", "1", "1/", "2/30d", "1/1s", "30d", "1/0d"] { #expect(AlarmRate(text) == nil) }
    }
}
