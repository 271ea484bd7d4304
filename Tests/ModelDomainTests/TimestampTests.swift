// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import Testing

struct TimestampTests {
    /// Computed with Python's datetime.
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000000Z"),
        (1, "1970-01-01T00:00:00.000001Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
        (951_868_799_999_999, "2000-02-29T23:59:59.999999Z"),
        (951_868_800_000_000, "2000-03-01T00:00:00.000000Z"),
        (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
        (1_795_238_676_123_456, "2026-11-21T05:24:36.123456Z"),
        (-2_208_988_800_000_000, "1900-01-01T00:00:00.000000Z"),
        (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
    ])
    func aMomentReadsAsRFC3339(_ microseconds: Int64, _ text: String) {
        #expect(Timestamp(microseconds: microseconds).text == text)
    }

    @Test func theFarthestMomentsAreWritten() {
        #expect(Timestamp(microseconds: .max).text == "294247-01-10T04:00:54.775807Z")
        #expect(Timestamp(microseconds: .min).text.hasSuffix("T19:59:05.224192Z"))
    }

    @Test func laterIsGreater() {
        #expect(Timestamp(microseconds: 1) < Timestamp(microseconds: 2))
    }
}
