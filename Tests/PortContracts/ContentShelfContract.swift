// SPDX-License-Identifier: Apache-2.0
package import ContentRetention
package import ModelDomain
package import ModelExecution
internal import Testing

/// What every `ContentShelf` promises. A new adapter starts by running this.
package struct ContentShelfContract {
    let makeStore: @Sendable (_ now: @escaping @Sendable () -> Timestamp) async throws -> any ContentShelf & BlobStore

    /// - Parameter makeStore: Makes an empty store with this clock, a new one each time.
    package init(
        makeStore:
            @escaping @Sendable (@escaping @Sendable () -> Timestamp) async throws
            -> any ContentShelf & BlobStore
    ) { self.makeStore = makeStore }

    private let start = Timestamp(microseconds: 1_700_000_000_000_000)
    private func hours(_ count: Int64) -> Timestamp {
        Timestamp(microseconds: start.microseconds + count * 3_600_000_000)
    }

    package func run() async throws {
        try await whatIsDiscardedIsInTheTrashAndNowhereElse()
        try await whatWasUsedSinceThenStays()
        try await everyWayOfAskingBringsAContentBack()
        try await onlyTheTrashIsDestroyed()
    }

    func whatIsDiscardedIsInTheTrashAndNowhereElse() async throws {
        let start = start
        let store = try await makeStore { start }
        let content = try await put([1, 2, 3], in: store)
        let kept = try #require(try await store.contents().first)
        #expect(kept == KeptContent(digest: content, byteCount: 3, time: start))
        #expect(try await store.discard(content, unusedSince: hours(1), at: hours(2)))
        #expect(try await store.contents().isEmpty)
        #expect(try await store.trash() == [KeptContent(digest: content, byteCount: 3, time: hours(2))])
        #expect(try await !store.discard(content, unusedSince: hours(9), at: hours(9)))
        #expect(try await store.bringBack(content))
        #expect(try await !store.bringBack(content))
        #expect(try await store.trash().isEmpty)
        #expect(try await store.contents().count == 1)
    }

    func whatWasUsedSinceThenStays() async throws {
        let start = start
        let store = try await makeStore { start }
        let content = try await put([1], in: store)
        #expect(try await !store.discard(content, unusedSince: hours(-1), at: hours(2)))
        #expect(try await store.contents().count == 1)
        #expect(try await store.trash().isEmpty)
    }

    func everyWayOfAskingBringsAContentBack() async throws {
        let start = start
        let store = try await makeStore { start }
        let content = try await put([1, 2], in: store)
        let ways: [@Sendable () async throws -> Bool] = [
            { try await store.contains(content) }, { try await store.byteCount(of: content) == 2 },
            { try await store.read(content, limit: 2) == [1, 2] },
            { try await store.pieces(of: content)() == [1, 2] },
            { try await put([1, 2], in: store) == content },
            {
                let file = try BundleFile(path: "a", digest: content, byteCount: 2)
                return try !store.materialize([file], as: Digest(of: [9])).isEmpty
            },
        ]
        for (index, way) in ways.enumerated() {
            #expect(try await store.discard(content, unusedSince: hours(1), at: hours(1)), "\(index)")
            #expect(try await way(), "\(index)")
            #expect(try await store.contents().map(\.digest) == [content], "\(index)")
        }
    }

    func onlyTheTrashIsDestroyed() async throws {
        let start = start
        let store = try await makeStore { start }
        let content = try await put([1], in: store)
        #expect(try await !store.destroy(content, discardedBefore: hours(100)))
        #expect(try await store.discard(content, unusedSince: hours(1), at: hours(5)))
        #expect(try await !store.destroy(content, discardedBefore: hours(5)))
        #expect(try await store.destroy(content, discardedBefore: hours(6)))
        #expect(try await store.trash().isEmpty)
        #expect(try await !store.contains(content))
    }
}

private func put(_ bytes: [UInt8], in store: any BlobStore) async throws -> Digest {
    try await store.keep(
        AsyncThrowingStream { continuation in
            continuation.yield(bytes)
            continuation.finish()
        }
    ).digest
}
