// SPDX-License-Identifier: Apache-2.0
import TestSupport

/// Bodies made from valid ones: bits flipped, bytes cut, doubled, swapped in from elsewhere.
struct Mutations: Sequence, IteratorProtocol {
    private let seeds: [[UInt8]]
    private var random: SeededGenerator
    private var left: Int

    init(_ seeds: [[UInt8]], seed: UInt64, count: Int) {
        self.seeds = seeds
        random = SeededGenerator(seed: seed)
        left = count
    }

    init(_ seeds: [String], seed: UInt64, count: Int) {
        self.init(seeds.map { [UInt8]($0.utf8) }, seed: seed, count: count)
    }

    mutating func next() -> [UInt8]? {
        guard left > 0 else { return nil }
        left -= 1
        var body = seeds[left % seeds.count]
        for _ in 0..<Int.random(in: 1...3, using: &random) where !body.isEmpty {
            let index = Int.random(in: 0..<body.count, using: &random)
            let end = Swift.min(index + Int.random(in: 1...12, using: &random), body.count)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: body[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: body.removeSubrange(index...)
            case 2: body.removeSubrange(index..<end)
            case 3: body.insert(contentsOf: body[index..<end], at: Int.random(in: 0...body.count, using: &random))
            case 4: body[index] = UInt8.random(in: 48...57, using: &random)
            default: body[index] = Array("[]{},:\"\\-.eE0 n\n".utf8).randomElement(using: &random) ?? 0
            }
        }
        return body
    }
}
