// SPDX-License-Identifier: Apache-2.0
import DataTables
import TestSupport
import Testing

/// Where contents are cut.
struct ContentChunkerTests {
    private let content = bytes(3 << 20, seed: 1)

    @Test func theCutsDoNotDependOnHowTheBytesCome() {
        let whole = pieces(of: [content])
        #expect(whole.count > 20)
        var numbers = SeededGenerator(seed: 2)
        for largest in [1 << 20, 100_000, 5000] {
            var parts: [[UInt8]] = []
            var start = 0
            while start < content.count {
                let end = min(content.count, start + Int.random(in: 1...largest, using: &numbers))
                parts.append(Array(content[start..<end]))
                start = end
            }
            #expect(pieces(of: parts) == whole)
        }
    }

    @Test func thePiecesAreTheContentAndOfTheirSizes() {
        let found = pieces(of: [content])
        #expect(found.flatMap(\.self) == content)
        #expect(found.dropLast().allSatisfy { (ContentChunker.smallest...ContentChunker.largest).contains($0.count) })
        #expect(found.allSatisfy { (1...ContentChunker.largest).contains($0.count) })
        let usual = content.count / found.count
        #expect((40_000...140_000).contains(usual), "\(usual)")
    }

    @Test func whatHasNoPatternIsCutAtTheLargestSize() {
        let found = pieces(of: [[UInt8](repeating: 0, count: 600_000)])
        #expect(found.allSatisfy { $0.count <= ContentChunker.largest })
        #expect(found.reduce(0) { $0 + $1.count } == 600_000)
    }

    @Test func anInsertionChangesFewPieces() {
        let before = Set(pieces(of: [content]))
        for place in [0, 1_000_000, content.count] {
            let changed = Array(content[..<place]) + bytes(1000, seed: 3) + content[place...]
            let fresh = pieces(of: [changed]).filter { !before.contains($0) }
            #expect((1...4).contains(fresh.count), "\(fresh.count) at \(place)")
        }
    }

    @Test func theSameBytesAreCutAlikeForEver() {
        #expect(pieces(of: [content]).prefix(4).map(\.count) == [120_140, 36_154, 81_029, 76_465])
    }

    @Test func nothingHasNoPieces() {
        #expect(pieces(of: []).isEmpty)
        #expect(pieces(of: [[]]).isEmpty)
        #expect(pieces(of: [[7]]) == [[7]])
    }
}

private func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
    var numbers = SeededGenerator(seed: seed)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
}

private func pieces(of parts: [[UInt8]]) -> [[UInt8]] {
    var chunker = ContentChunker()
    var found: [[UInt8]] = []
    for part in parts { chunker.take(part) { found.append($0) } }
    if let last = chunker.finish() { found.append(last) }
    return found
}
