// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

@Suite("Distances of counts")
struct CountDistanceTests {
    private struct Case: Decodable {
        struct Input: Decodable {
            let ref: [Int]
            let cur: [Int]
        }
        struct Expected: Decodable {
            let psiSmoothed: VectorNumber?
            let psiNullMean: VectorNumber?
            let totalVariation: VectorNumber?
            let binnedKS: VectorNumber?
        }

        let id: String
        let input: Input
        let expected: Expected
    }

    @Test("are those of the reference")
    func vectors() throws {
        let cases = try vectorCases("drift_counts", as: Case.self)
        #expect(cases.count > 10)
        for one in cases {
            let found = CountDistance(reference: one.input.ref, current: one.input.cur)
            let pairs = [
                (found?.stability, one.expected.psiSmoothed), (found?.expectedByChance, one.expected.psiNullMean),
                (found?.totalVariation, one.expected.totalVariation), (found?.kolmogorovSmirnov, one.expected.binnedKS),
            ]
            for (found, expected) in pairs {
                switch (found, expected?.value) {
                case (let found?, let expected?): #expect(isClose(found, expected), "\(one.id)")
                case (nil, nil): break
                default: Issue.record("\(one.id): \(String(describing: found)) and \(String(describing: expected))")
                }
            }
        }
    }
}
