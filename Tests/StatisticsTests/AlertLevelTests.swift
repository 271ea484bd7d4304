// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

struct AlertLevelTests {
    private func levels(_ windows: [AlertLevel.Window]) -> [AlertLevel.Level] {
        var alert = AlertLevel()
        return windows.map { window in
            // As stored and read again between two windows.
            alert = AlertLevel(
                level: alert.level, lastWindows: alert.lastWindows, insufficientInARow: alert.insufficientInARow)
            alert.record(window)
            return alert.level
        }
    }

    @Test func oneViolationIsChance() {
        #expect(levels([.violating, .clean, .clean, .violating, .clean, .clean]).allSatisfy { $0 == .ok })
    }

    @Test func twoOfThreeAreAWarning() {
        #expect(levels([.violating, .violating]) == [.ok, .warning])
        #expect(levels([.violating, .clean, .violating]) == [.ok, .ok, .warning])
    }

    @Test func aCriticalWindowIsEnough() {
        #expect(levels([.critical, .clean, .violating]) == [.critical, .critical, .critical])
        #expect(levels([.violating, .violating, .critical]) == [.ok, .warning, .critical])
    }

    @Test func threeCleanWindowsEndIt() {
        #expect(
            levels([.critical, .clean, .clean, .clean, .violating])
                == [.critical, .critical, .critical, .ok, .ok])
        #expect(
            levels([.violating, .violating, .clean, .clean, .violating, .clean, .clean, .clean])
                == [.ok, .warning, .warning, .warning, .warning, .warning, .warning, .ok])
    }

    @Test func tooFewRowsSayNothing() {
        #expect(levels([.violating, .insufficient, .violating]) == [.ok, .ok, .warning])
        #expect(
            levels([.critical, .clean, .insufficient, .clean, .insufficient, .clean])
                == [.critical, .critical, .critical, .critical, .critical, .ok])
        var alert = AlertLevel()
        for _ in 0..<24 { alert.record(.insufficient) }
        #expect(alert.insufficientInARow == 24 && alert.level == .ok)
        alert.record(.clean)
        #expect(alert.insufficientInARow == 0)
    }

    @Test func aChangeSaysWhatWasBefore() {
        var alert = AlertLevel()
        #expect(alert.record(.violating) == nil)
        #expect(alert.record(.violating) == .ok)
        #expect(alert.record(.critical) == .warning)
        #expect(alert.record(.critical) == nil)
        #expect([.clean, .clean, .clean].map { alert.record($0) } == [nil, nil, .critical])
    }
}
