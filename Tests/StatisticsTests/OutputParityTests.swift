// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

struct OutputParityTests {
    struct ParityCase: Decodable {
        struct Input: Decodable {
            let expected: [VectorNumber]
            let actual: [VectorNumber]
            let atol: Double
            let rtol: Double
        }
        struct Expected: Decodable {
            let lengthMismatch: Bool
            let failures: [Int]
            let maxAbs: Double
            let maxRel: Double
            let nonFiniteMismatch: Int
            let pass: Bool
        }
        let id: String
        let input: Input
        let expected: Expected
    }

    @Test func agreementIsTheReferences() throws {
        for test in try vectorCases("parity", as: ParityCase.self) {
            let parity = OutputParity(
                expected: test.input.expected.map { $0.value ?? .nan },
                actual: test.input.actual.map { $0.value ?? .nan },
                absolute: test.input.atol, relative: test.input.rtol)
            #expect(parity.agrees == test.expected.pass, "\(test.id)")
            #expect(parity.failures == test.expected.failures)
            #expect(parity.lengthsDiffer == test.expected.lengthMismatch)
            #expect(parity.nonFiniteMismatches == test.expected.nonFiniteMismatch)
            #expect(isClose(parity.largestAbsolute, test.expected.maxAbs))
            #expect(isClose(parity.largestRelative, test.expected.maxRel))
        }
    }

    @Test func otherLengthsNeverAgree() {
        #expect(!OutputParity(expected: [1], actual: [1, 1], absolute: 9, relative: 9).agrees)
    }

    @Test func onlyTheSameInfinityAgrees() {
        #expect(OutputParity(expected: [.infinity, .nan], actual: [.infinity, .nan], absolute: 0, relative: 0).agrees)
        #expect(!OutputParity(expected: [.infinity], actual: [-.infinity], absolute: 9, relative: 9).agrees)
        #expect(!OutputParity(expected: [1], actual: [.nan], absolute: 9, relative: 9).agrees)
    }
}
