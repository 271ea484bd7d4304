// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

struct MultivariateTests {
    private func rows(_ count: Int, _ width: Int, _ random: inout SplitMix, shift: Double = 0) -> [[Double]] {
        (0..<count).map { _ in (0..<width).map { _ in random.bell() + shift } }
    }

    @Test func componentsAreOrthonormalAndAllOfThemExplainEverything() throws {
        var random = SplitMix(seed: 30)
        for width in [1, 2, 5, 30] {
            let mixed = rows(60, width, &random).map { row in
                row.indices.map { row[$0] + 0.7 * row[($0 + 1) % width] * Double($0) }
            }
            let all = try #require(PrincipalComponents(of: mixed, explainedTarget: 1))
            #expect(all.components.count == width)
            #expect(all.reconstructionErrors(of: mixed).allSatisfy { $0 < 1e-9 })
            for (place, one) in all.components.enumerated() {
                for (otherPlace, other) in all.components.enumerated() {
                    let product = zip(one, other).reduce(0) { $0 + $1.0 * $1.1 }
                    #expect(abs(product - (place == otherPlace ? 1 : 0)) < 1e-12)
                }
            }
            #expect(zip(all.explained, all.explained.dropFirst()).allSatisfy { $0 <= $1 + 1e-12 })
            #expect(abs((all.explained.last ?? 0) - 1) < 1e-12)
        }
    }

    @Test func aRelationThatBrokeIsFound() throws {
        var random = SplitMix(seed: 31)
        let related = { (random: inout SplitMix) in
            let (x, y) = (random.bell(), random.bell())
            return [x, x + 0.1 * random.bell(), y, y + 0.1 * random.bell()]
        }
        let reference = (0..<500).map { _ in related(&random) }
        let components = try #require(PrincipalComponents(of: reference))
        let same = components.reconstruction(of: (0..<200).map { _ in related(&random) })
        let broken = components.reconstruction(of: rows(200, 4, &random))
        #expect(try #require(broken.mean) > 3 * (try #require(same.mean)))
    }

    @Test func whatCannotBeToldIsNil() {
        #expect(PrincipalComponents(of: []) == nil)
        #expect(PrincipalComponents(of: [[]]) == nil)
        #expect(PrincipalComponents(of: [[1, 2], [3]]) == nil)
        #expect(PrincipalComponents(of: [[1, 2], [1, 2]]) == nil)
        #expect(DomainClassifier(reference: [[1]], current: [[1], [2]]) == nil)
        #expect(DomainClassifier(reference: [[1], [2]], current: [[1], [2, 3]]) == nil)
        #expect(DomainClassifier(reference: [], current: []) == nil)
        #expect(DomainClassifier(reference: [[1], [2]], current: [[1], [2]], folds: 1) == nil)
    }

    @Test func wildRowsDoNotTrap() {
        var random = SplitMix(seed: 32)
        let wild = { (random: inout SplitMix) in
            (0..<8).map { _ in
                (0..<3).map { _ in
                    Bool.random(using: &random)
                        ? extremeNumbers[Int.random(in: extremeNumbers.indices, using: &random)] : random.bell()
                }
            }
        }
        for _ in 0..<200 {
            let (one, other) = (wild(&random), wild(&random))
            if let components = PrincipalComponents(of: one) {
                #expect(components.reconstructionErrors(of: other).allSatisfy { !$0.isNaN })
            }
            if let classifier = DomainClassifier(reference: one, current: other) {
                #expect((0...1).contains(classifier.area) && (0...1).contains(classifier.pValue))
                #expect(classifier.weights.allSatisfy(\.isFinite) && classifier.intercept.isFinite)
            }
        }
    }

    @Test func separableRowsAreToldApartAndEqualOnesAreNot() throws {
        var random = SplitMix(seed: 33)
        let (one, other) = (rows(200, 4, &random), rows(150, 4, &random))
        let far = try #require(
            DomainClassifier(reference: one, current: other.map { [$0[0] + 100] + $0.dropFirst() }))
        #expect(far.area == 1 && far.pValue < 1e-20)
        #expect(far.weights[0] > far.weights[1...].map(abs).reduce(0, max))
        let near = try #require(DomainClassifier(reference: one, current: other))
        #expect(near.area < 0.6 && near.pValue > 0.001)
        let constant = try #require(
            DomainClassifier(
                reference: [[Double]](repeating: [3, 3], count: 9), current: [[Double]](repeating: [3, 3], count: 7)))
        #expect(constant.weights == [0, 0])
    }
}
