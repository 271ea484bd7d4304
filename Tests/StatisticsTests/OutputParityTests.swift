// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

struct OutputParityTests {
    @Test func otherLengthsNeverAgree() {
        #expect(!OutputParity(expected: [1], actual: [1, 1], absolute: 9, relative: 9).agrees)
    }

    @Test func onlyTheSameInfinityAgrees() {
        #expect(OutputParity(expected: [.infinity, .nan], actual: [.infinity, .nan], absolute: 0, relative: 0).agrees)
        #expect(!OutputParity(expected: [.infinity], actual: [-.infinity], absolute: 9, relative: 9).agrees)
        #expect(!OutputParity(expected: [1], actual: [.nan], absolute: 9, relative: 9).agrees)
    }
}
