// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

struct SketchTests {
    /// Streams that come in an order that could mislead, alone and in parts of very different sizes.
    @Test(arguments: ["ascending", "descending", "constant", "few values", "random"])
    func ranksAreRightInAnyOrder(_ order: String) throws {
        var random = SplitMix(seed: 20)
        let values: [Double] = (0..<20_000).map { index in
            switch order {
            case "ascending": Double(index)
            case "descending": Double(-index)
            case "constant": 7
            case "few values": Double(Int.random(in: 0..<5, using: &random))
            default: random.bell()
            }
        }
        var whole = QuantileSketch()
        for value in values { whole.add(value) }
        var merged = QuantileSketch(seed: 99)
        var start = 0
        for (index, size) in [1, 10, 9989, 0, 5000, 5000].enumerated() {
            var part = QuantileSketch(seed: UInt64(index))
            for value in values[start..<start + size] { part.add(value) }
            merged.merge(part)
            start += size
        }
        let sorted = values.sorted()
        for sketch in [whole, merged] {
            #expect(sketch.count == values.count)
            for step in 0...20 {
                let answer = try #require(sketch.quantile(Double(step) / 20))
                let (below, upTo) = (sorted.count { $0 < answer }, sorted.count { $0 <= answer })
                let wanted = Double(step) / 20 * 20_000
                #expect(max(Double(below) - wanted, wanted - Double(upTo)) <= 0.0266 * 20_000, "\(order) at \(step)/20")
            }
            #expect(sketch.quantile(0) == sorted.first && sketch.quantile(1) == sorted.last)
        }
    }

    @Test func aSketchOfFewValuesIsExact() {
        var sketch = QuantileSketch()
        #expect(sketch.quantile(0.5) == nil && sketch.share(upTo: 1) == nil && sketch.minimum == nil)
        let values: [Double] = [3, .nan, 1, -.infinity, 2, .infinity]
        for value in values { sketch.add(value) }
        #expect(sketch.count == 5)
        let answers: [Double] = [-.infinity, -.infinity, 1, 2, 3, .infinity]
        #expect([0, 0.2, 0.4, 0.6, 0.8, 1].map { sketch.quantile($0) ?? 99 } == answers)
        #expect(sketch.share(upTo: 2) == 0.6)
        #expect(sketch.quantile(.nan) == nil && sketch.quantile(7) == .infinity)
    }

    @Test func distinctValuesAreCountedOverTheWholeRange() {
        for count in [0, 1, 10, 300, 5000, 12_000, 100_000] {
            var (even, odd) = (DistinctCounter(), DistinctCounter())
            let bytes = Array("value 0".utf8)
            let first = contentHash(bytes.span)
            for index in 0..<count {
                let bytes = Array("value \(index)".utf8)
                if index % 2 == 0 { even.add(bytes.span) } else { odd.add(bytes.span) }
                // What comes again does not count.
                even.add(hash: first)
            }
            even.merge(odd)
            #expect(abs(even.estimate - Double(count)) <= 0.065 * Double(count) + 0.1, "\(count)")
        }
    }

    /// Parts merged in a chain of halves, with values that only a few of them have.
    @Test func frequentItemsKeepTheirBoundsThroughMerges() {
        var random = SplitMix(seed: 21)
        var exact: [[UInt8]: Int] = [:]
        var parts = [FrequentItems](repeating: FrequentItems(capacity: 20), count: 8)
        for index in 0..<20_000 {
            let value = random.uniform() < 0.3 ? Int.random(in: 0..<5, using: &random) : index
            let bytes = Array(String(value).utf8)
            exact[bytes, default: 0] += 1
            parts[value < 3 ? value : index % 8].add(bytes)
        }
        while parts.count > 1 {
            parts = stride(from: 0, to: parts.count, by: 2).map { place in
                var one = parts[place]
                one.merge(parts[place + 1])
                // A merged one counts on.
                one.add(Array("again".utf8))
                exact[Array("again".utf8), default: 0] += 1
                return one
            }
        }
        let items = parts[0].mostFrequent
        #expect(items.count == 20 && parts[0].count == exact.values.reduce(0, +))
        let slack = parts[0].count / 20
        for item in items {
            let count = exact[item.bytes] ?? 0
            #expect(item.count >= count && item.count - item.excess <= count && item.count <= count + slack)
        }
        for (bytes, count) in exact where count > slack { #expect(items.contains { $0.bytes == bytes }) }
        for digit in 0..<5 { #expect(items.prefix(5).contains { $0.bytes == Array(String(digit).utf8) }) }
    }

    @Test func countMinNeverCountsTooFew() {
        var random = SplitMix(seed: 22)
        var (one, other) = (CountMinSketch(width: 100, depth: 3), CountMinSketch(width: 128, depth: 3))
        var exact: [Int: Int] = [:]
        for _ in 0..<3000 {
            let value = Int(1 / (random.uniform() + 1e-4))
            exact[value, default: 0] += 1
            let bytes = Array(String(value).utf8)
            if value % 2 == 0 { one.add(bytes.span) } else { other.add(bytes.span) }
        }
        one.merge(other)
        func frequency(_ value: Int, _ sketch: CountMinSketch) -> Int {
            let bytes = Array(String(value).utf8)
            return sketch.frequency(of: bytes.span)
        }
        #expect(one.count == 3000)
        for (value, count) in exact { #expect(frequency(value, one) >= count) }
        #expect(frequency(-1, one) < 200)
    }

    /// Every element is as likely, also when parts of very different sizes are merged and counting goes on.
    @Test func everyElementIsKeptAsOften() {
        var kept = [Int](repeating: 0, count: 100)
        for seed in 0..<1000 {
            var one = Reservoir<Int>(capacity: 10, seed: UInt64(seed))
            var other = Reservoir<Int>(capacity: 10, seed: UInt64(seed) + 1_000_000)
            var third = Reservoir<Int>(capacity: 10, seed: UInt64(seed) + 2_000_000)
            for element in 0..<60 { one.offer(element) }
            for element in 60..<80 { other.offer(element) }
            for element in 80..<84 { third.offer(element) }
            one.merge(other)
            one.merge(third)
            for element in 84..<100 { one.offer(element) }
            #expect(one.count == 100 && Set(one.elements).count == 10)
            for element in one.elements { kept[element] += 1 }
        }
        // 100 each; the sum of squares has 99 degrees of freedom, and 160 is beyond 1 in 10,000 of them.
        let squares = kept.reduce(0.0) { $0 + (Double($1) - 100) * (Double($1) - 100) / (100 * 0.9) }
        #expect(squares < 160, "\(kept)")
    }

    @Test func aReservoirThatIsNotFullHoldsAll() {
        var one = Reservoir<Int>(capacity: 5, seed: 1)
        one.offer(1)
        var other = Reservoir<Int>(capacity: 5, seed: 2)
        for element in 2...4 { other.offer(element) }
        one.merge(other)
        #expect(one.elements.sorted() == [1, 2, 3, 4] && one.count == 4)
        for element in 5...2000 { one.offer(element) }
        #expect(one.elements.count == 5 && one.count == 2000)
    }
}
