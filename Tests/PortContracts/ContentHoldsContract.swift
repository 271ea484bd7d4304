// SPDX-License-Identifier: Apache-2.0
package import ContentRetention
internal import ModelDomain
internal import Testing

/// What every `ContentHolds` promises. A new adapter starts by running this.
package struct ContentHoldsContract {
    let makeHolds: @Sendable () async throws -> (any ContentHolds, any ContentHolds)

    /// - Parameter makeHolds: Makes what nothing is held in, a new one each time, as two see it who share nothing else.
    package init(makeHolds: @escaping @Sendable () async throws -> (any ContentHolds, any ContentHolds)) {
        self.makeHolds = makeHolds
    }

    private let early = Timestamp(microseconds: 1_700_000_000_000_000)
    private let middle = Timestamp(microseconds: 1_700_000_000_000_001)
    private let late = Timestamp(microseconds: 1_700_000_000_000_002)
    private let contents = (0..<4).map { Digest(of: [$0]) }

    package func run() async throws {
        try await whatOneHoldsEverybodySees()
        try await whatIsHeldAnewReplacesWhatWasHeld()
        try await everyHoldEnds()
        try await anyTextMayHold()
    }

    func whatOneHoldsEverybodySees() async throws {
        let (one, other) = try await makeHolds()
        #expect(try await one.held(at: early).isEmpty)
        try await one.hold([contents[0], contents[1]], as: "a", until: late)
        try await other.hold([contents[1], contents[2]], as: "b", until: late)
        try await other.hold([], as: "nothing", until: late)
        for holds in [one, other] {
            #expect(try await holds.held(at: early) == Set(contents[0...2]))
            #expect(try await holds.contents(heldAs: "a", at: early) == [contents[0], contents[1]])
            #expect(try await holds.contents(heldAs: "nothing", at: early) == [])
            #expect(try await holds.contents(heldAs: "c", at: early) == nil)
        }
        try await other.release("a")
        try await other.release("a")
        #expect(try await one.held(at: early) == [contents[1], contents[2]])
        #expect(try await one.contents(heldAs: "a", at: early) == nil)
    }

    func whatIsHeldAnewReplacesWhatWasHeld() async throws {
        let (one, other) = try await makeHolds()
        try await one.hold([contents[0]], as: "a", until: middle)
        try await other.hold([contents[1]], as: "a", until: late)
        #expect(try await one.held(at: early) == [contents[1]])
        #expect(try await one.held(at: middle) == [contents[1]])
    }

    func everyHoldEnds() async throws {
        let (one, other) = try await makeHolds()
        try await one.hold([contents[0]], as: "a", until: middle)
        try await one.hold([contents[1]], as: "b", until: late)
        #expect(try await other.held(at: early) == [contents[0], contents[1]])
        #expect(try await other.contents(heldAs: "a", at: middle) == nil)
        #expect(try await other.held(at: middle) == [contents[1]])
        #expect(try await other.held(at: late).isEmpty)
        // Nobody takes back what has ended.
        #expect(try await one.held(at: early).isEmpty)
    }

    func anyTextMayHold() async throws {
        let (one, other) = try await makeHolds()
        let names = ["", "../../x", "a/b", "a\nb", "é 第二", String(repeating: "x", count: 5000)]
        for (index, name) in names.enumerated() {
            try await one.hold([Digest(of: [UInt8(index), 9])], as: name, until: late)
        }
        #expect(try await other.held(at: early).count == names.count)
        for name in names { try await other.release(name) }
        #expect(try await one.held(at: early).isEmpty)
    }
}
