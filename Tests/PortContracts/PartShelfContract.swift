// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
package import ModelExecution
internal import Testing

/// What every `PartShelf` promises. A new adapter starts by running this.
package struct PartShelfContract {
    let makeShelf: @Sendable () async throws -> (any PartShelf, any PartShelf)

    /// - Parameter makeShelf: Makes an empty shelf, a new one each time, as two see it who share nothing else.
    package init(makeShelf: @escaping @Sendable () async throws -> (any PartShelf, any PartShelf)) {
        self.makeShelf = makeShelf
    }

    private let room = PartRoom(byteLimit: 100, count: 10)
    private let day = Duration.seconds(86_400)

    package func run() async throws {
        try await partsComeToAnybodyAndAreJoinedByAnother()
        try await aPartThatComesAgainReplacesTheOneBefore()
        try await aPartThatBreaksOffIsNotThere()
        try await partsThatAreTooLargeTogetherAreRefused()
        try await oneJoinsAndNobodyElseChangesAnything()
        try await ofManyOneGetsTheClaim()
        try await whatIsGivenUpIsGone()
        try await completedOnesMakeRoom()
        try await everyUploadEnds()
    }

    func partsComeToAnybodyAndAreJoinedByAnother() async throws {
        let (one, other) = try await makeShelf()
        #expect(try await one.upload("a") == nil)
        #expect(try await one.begin("a", [1, 10, 2, 0], lifetime: day, limit: 9))
        #expect(try await one.begin("../b", [], lifetime: day, limit: 9))
        #expect(try await other.upload("a") == ShelvedUpload(document: [1, 10, 2, 0], state: .open))
        #expect(try await other.upload("../b")?.document == [])
        let contents: [[[UInt8]]] = [[[1, 2], [3]], [], [[4]], [[UInt8](repeating: 7, count: 90)]]
        for (index, chunks) in contents.enumerated().reversed() {
            let outcome = try await (index % 2 == 0 ? one : other).add(index + 1, to: "a", in: room, pieces(chunks))
            #expect(outcome == .kept(Digest(of: chunks.flatMap(\.self))))
        }
        let claim = try #require(try await other.claim("a"))
        let parts = try await claim.parts()
        #expect(parts.keys.sorted() == [1, 2, 3, 4])
        #expect(parts.values.map(\.byteCount).sorted() == [0, 1, 3, 90])
        let digests = (1...4).compactMap { parts[$0]?.digest }
        var joined: [UInt8] = []
        for try await piece in JoinedParts(of: claim, digests) { joined += piece }
        #expect(joined == contents.flatMap { $0.flatMap(\.self) })
        try await claim.complete()
        #expect(try await one.upload("a")?.state == .completed)
        #expect(try await one.claim("a") == nil)
        #expect(try await one.add(1, to: "a", in: room, pieces([[1]])) == .closed)
        #expect(try await one.upload("../b")?.state == .open)
    }

    func aPartThatComesAgainReplacesTheOneBefore() async throws {
        let (one, other) = try await makeShelf()
        #expect(try await one.begin("a", [], lifetime: day, limit: 9))
        _ = try await one.add(1, to: "a", in: room, pieces([[1, 2, 3]]))
        _ = try await other.add(1, to: "a", in: room, pieces([[4]]))
        let claim = try #require(try await one.claim("a"))
        #expect(try await claim.parts() == [1: ShelvedPart(digest: Digest(of: [4]), byteCount: 1)])
        let joined = JoinedParts(of: claim, [Digest(of: [1, 2, 3])])
        await expectCode(.contentDiffers) { for try await _ in joined {} }
    }

    func aPartThatBreaksOffIsNotThere() async throws {
        let (one, _) = try await makeShelf()
        #expect(try await one.begin("a", [], lifetime: day, limit: 9))
        await #expect(throws: BrokenOff.self) {
            _ = try await one.add(1, to: "a", in: room, pieces([[1]], then: BrokenOff()))
        }
        for size in [1, 50] {
            let content = [UInt8](repeating: 1, count: size)
            #expect(try await one.add(1, to: "b", in: room, pieces([content])) == .closed)
        }
        #expect(try await one.claim("a")?.parts().isEmpty == true)
        #expect(try await one.claim("b") == nil)
    }

    func partsThatAreTooLargeTogetherAreRefused() async throws {
        let (one, other) = try await makeShelf()
        #expect(try await one.begin("a", [], lifetime: day, limit: 9))
        let large = [UInt8](repeating: 1, count: 60)
        #expect(try await one.add(1, to: "a", in: room, pieces([large])) == .kept(Digest(of: large)))
        #expect(try await other.add(2, to: "a", in: room, pieces([large])) == .tooLarge)
        // It is not beside the one that it replaces.
        #expect(try await other.add(1, to: "a", in: room, pieces([large])) == .kept(Digest(of: large)))
        #expect(try await other.add(2, to: "a", in: room, pieces([[1]])) == .kept(Digest(of: [1])))
    }

    func oneJoinsAndNobodyElseChangesAnything() async throws {
        let (one, other) = try await makeShelf()
        #expect(try await one.begin("a", [], lifetime: day, limit: 9))
        _ = try await one.add(1, to: "a", in: room, pieces([[1]]))
        var claim = try await one.claim("a")
        #expect(claim != nil)
        for shelf in [one, other] {
            #expect(try await shelf.upload("a")?.state == .joining)
            #expect(try await shelf.claim("a") == nil)
            #expect(try await shelf.add(1, to: "a", in: room, pieces([[2]])) == .closed)
            #expect(try await !shelf.abort("a"))
        }
        // What failed may be tried again, by anybody.
        claim = nil
        #expect(try await one.upload("a")?.state == .open)
        #expect(try await other.claim("a")?.parts()[1]?.digest == Digest(of: [1]))
    }

    func ofManyOneGetsTheClaim() async throws {
        let (one, other) = try await makeShelf()
        for round in 0..<20 {
            let id = "\(round)"
            #expect(try await one.begin(id, [], lifetime: day, limit: 100))
            let claims = try await withThrowingTaskGroup { group in
                for index in 0..<6 {
                    group.addTask {
                        // Those who look, and those who send, stand in nobody's way.
                        _ = try await (index % 2 == 0 ? one : other).upload(id)
                        _ = try await one.add(index + 1, to: id, in: room, pieces([[1]]))
                        return try await (index % 2 == 0 ? one : other).claim(id)
                    }
                }
                return try await group.reduce(into: [any PartClaim]()) { if let claim = $1 { $0.append(claim) } }
            }
            #expect(claims.count == 1)
        }
    }

    func whatIsGivenUpIsGone() async throws {
        let (one, other) = try await makeShelf()
        #expect(try await one.begin("a", [], lifetime: day, limit: 9))
        _ = try await one.add(1, to: "a", in: room, pieces([[1]]))
        #expect(try await other.abort("a"))
        #expect(try await other.abort("a"))
        #expect(try await one.upload("a") == nil)
        #expect(try await one.add(1, to: "a", in: room, pieces([[1]])) == .closed)
        #expect(try await one.claim("a") == nil)
    }

    func completedOnesMakeRoom() async throws {
        let (one, other) = try await makeShelf()
        #expect(try await one.begin("a", [], lifetime: day, limit: 2))
        #expect(try await other.begin("b", [], lifetime: day, limit: 2))
        #expect(try await !one.begin("c", [], lifetime: day, limit: 2))
        let claim = try #require(try await other.claim("a"))
        #expect(try await !one.begin("c", [], lifetime: day, limit: 2))
        try await claim.complete()
        #expect(try await one.begin("c", [], lifetime: day, limit: 2))
        #expect(try await one.upload("a") == nil)
        for id in ["b", "c"] { #expect(try await one.upload(id) != nil) }
        #expect(try await !one.begin("d", [], lifetime: day, limit: 2))
    }

    func everyUploadEnds() async throws {
        let (one, other) = try await makeShelf()
        #expect(try await one.forgetEnded() == nil)
        #expect(try await one.begin("a", [], lifetime: .zero, limit: 2))
        #expect(try await one.begin("b", [], lifetime: day, limit: 2))
        #expect(try await other.upload("a") == nil)
        // What has ended makes room.
        #expect(try await other.begin("c", [], lifetime: day, limit: 2))
        let rest = try #require(try await other.forgetEnded())
        #expect(rest > .zero && rest <= day)
        #expect(try await one.upload("b") != nil)
    }
}
