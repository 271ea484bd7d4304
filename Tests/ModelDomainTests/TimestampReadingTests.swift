// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import Testing

struct TimestampReadingTests {
    @Test(
        arguments: [
            ("1970-01-01", 0), ("2026-03-01 14:05", 1_772_373_900_000_000),
            ("2026-03-01T14:05:30.25Z", 1_772_373_930_250_000),
            ("2026-03-01T15:05:00+01:00", 1_772_373_900_000_000), ("2026-03-01T13:35:00-00:30", 1_772_373_900_000_000),
            ("2024-02-29", 1_709_164_800_000_000), ("1969-12-31 23:59:59.999999", -1),
            ("2000-02-29T00:00:00.1234567Z", 951_782_400_123_456),
        ] as [(String, Int64)])
    func momentsAreRead(text: String, microseconds: Int64) {
        #expect(Timestamp(text)?.microseconds == microseconds)
    }

    @Test(arguments: [
        "", "2026", "2026-3-1", "2026-13-01", "2026-02-29", "2026-04-31", "2026-03-01 24:00", "2026-03-01 14:60",
        "2026-03-01 14",
        "2026-03-01T14:05:61", "2026-03-01T14:05:00.", "2026-03-01 14:05 ", "2026-03-01Z", "2026-03-01 14:05+1", "now",
        "-001-01-01",
    ])
    func whatIsNoMomentIsNot(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test func whatIsWrittenIsReadAgain() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<1000 {
            let time = Timestamp(
                microseconds: Int64.random(in: -60_000_000_000_000_000...250_000_000_000_000_000, using: &generator))
            #expect(Timestamp(time.text) == time)
        }
    }
}
