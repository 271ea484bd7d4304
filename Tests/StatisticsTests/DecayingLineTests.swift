// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

struct DecayingLineTests {
    @Test func pointsOnALineGiveThatLine() {
        var line = DecayingLine(slope: 0, ridge: 1e-9)
        for x in 1...50 { line.record(Double(x % 7), 3 + 2 * Double(x % 7)) }
        #expect(abs(line.slope - 2) < 1e-6)
        #expect(abs(line.value(at: 100) - 203) < 1e-3)
    }

    @Test func withoutPointsThereIsNothing() { #expect(DecayingLine(slope: 3).value(at: 5) == 0) }

    @Test func pointsAtOnePlaceLeaveTheSlope() {
        var line = DecayingLine(slope: 3)
        for _ in 0..<100 { line.record(4, 10) }
        #expect(abs(line.slope - 3) < 1e-9)
        #expect(abs(line.value(at: 6) - 16) < 1e-9)
    }

    @Test func olderPointsAreForgotten() {
        var line = DecayingLine(slope: 0)
        for x in 0..<100 { line.record(Double(x % 10), 1000) }
        for x in 0..<200 { line.record(Double(x % 10), 10 + 5 * Double(x % 10)) }
        #expect(abs(line.value(at: 0) - 10) < 3 && abs(line.slope - 5) < 0.5)
    }

    @Test func moreNeverCostsLess() {
        var line = DecayingLine(slope: 1)
        for x in 1...50 { line.record(Double(x), -10 * Double(x)) }
        #expect(line.slope == 0)
    }
}
