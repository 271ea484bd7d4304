// SPDX-License-Identifier: Apache-2.0
internal import Foundation
package import ModelDomain
package import ModelExecution
internal import Testing

/// What every `BlobStore` promises. A new adapter starts by running this.
package struct BlobStoreContract {
    let makeStore: @Sendable () async throws -> any BlobStore

    /// - Parameter makeStore: Makes an empty store, a new one each time.
    package init(makeStore: @escaping @Sendable () async throws -> any BlobStore) { self.makeStore = makeStore }

    package func run() async throws {
        try await aContentComesBackAsItWas()
        try await keepingTheSameContentTwiceIsHarmless()
        try await anotherContentThanAnnouncedIsRefused()
        try await aContentThatBreaksOffIsNotThere()
        try await aContentThatIsTooLargeOrNotThereIsExplained()
        try await aBundleLiesUnderItsOwnNames()
        try await aBundleWithoutAllItsContentsIsRefused()
        try await tasksThatKeepAndMaterializeTheSameAtOnceAgree()
    }

    func aContentComesBackAsItWas() async throws {
        let store = try await makeStore()
        for chunks in [[], [[]], [[1, 2, 3]], [[1], [], [2, 3]], [[UInt8](repeating: 7, count: 1_000_000), [0]]] {
            let content = chunks.flatMap(\.self)
            let digest = Digest(of: content)
            try await store.put(digest, pieces(chunks))
            #expect(try await store.contains(digest))
            #expect(try await store.read(digest, limit: content.count) == content)
        }
        #expect(try await !store.contains(Digest(of: [9, 9])))
    }

    func keepingTheSameContentTwiceIsHarmless() async throws {
        let store = try await makeStore()
        let digest = Digest(of: [1, 2])
        for _ in 0..<2 { try await store.put(digest, pieces([[1, 2]])) }
        #expect(try await store.read(digest, limit: 2) == [1, 2])
    }

    func anotherContentThanAnnouncedIsRefused() async throws {
        let store = try await makeStore()
        let digest = Digest(of: [1, 2])
        await expectCode(.contentDiffers) { try await store.put(digest, pieces([[1, 3]])) }
        #expect(try await !store.contains(digest))
        #expect(try await !store.contains(Digest(of: [1, 3])))
        try await store.put(digest, pieces([[1, 2]]))
        await expectCode(.contentDiffers) { try await store.put(digest, pieces([[1]])) }
        #expect(try await store.read(digest, limit: 2) == [1, 2])
    }

    func aContentThatBreaksOffIsNotThere() async throws {
        let store = try await makeStore()
        let digest = Digest(of: [1, 2])
        await #expect(throws: BrokenOff.self) { try await store.put(digest, pieces([[1, 2]], then: BrokenOff())) }
        #expect(try await !store.contains(digest))
        await expectCode(.contentMissing) { _ = try await store.read(digest, limit: 10) }
    }

    func aContentThatIsTooLargeOrNotThereIsExplained() async throws {
        let store = try await makeStore()
        let digest = try await keep([1, 2, 3], in: store)
        await expectCode(.limitExceeded) { _ = try await store.read(digest, limit: 2) }
        await expectCode(.contentMissing) { _ = try await store.read(Digest(of: [4]), limit: 2) }
    }

    func aBundleLiesUnderItsOwnNames() async throws {
        let store = try await makeStore()
        let files = try await [
            keepFile("model.onnx", [1, 2, 3], in: store), keepFile("data/deep/weights.bin", [4], in: store),
            keepFile("data/same.bin", [1, 2, 3], in: store), keepFile("empty", [], in: store),
        ]
        for _ in 0..<2 {
            let folder = try store.materialize(files, as: Digest(of: [0]))
            for file in files {
                let bytes = try Array(Data(contentsOf: URL(filePath: "\(folder)/\(file.path)")))
                #expect(Digest(of: bytes) == file.digest, "\(file.path)")
            }
        }
        let other = try store.materialize([files[1]], as: Digest(of: [1]))
        #expect(try FileManager.default.contentsOfDirectory(atPath: other) == ["data"])
    }

    func aBundleWithoutAllItsContentsIsRefused() async throws {
        let store = try await makeStore()
        let present = try await keepFile("a", [1], in: store)
        let absent = try BundleFile(path: "b", digest: Digest(of: [2]), byteCount: 1)
        let error = #expect(throws: (any Error).self) {
            _ = try store.materialize([present, absent], as: Digest(of: [0]))
        }
        let explanation = (error as? any ExplainedError)?.explanation
        #expect(explanation?.code == .contentMissing)
        #expect(explanation?.message.contains("“b”") == true)
        let lie = try BundleFile(path: "a", digest: present.digest, byteCount: 2)
        await expectCode(.bundleDamaged) { _ = try store.materialize([lie], as: Digest(of: [0])) }
        #expect(try await store.contains(present.digest))
        _ = try await keepFile("b", [2], in: store)
        _ = try store.materialize([present, absent], as: Digest(of: [0]))
    }

    func tasksThatKeepAndMaterializeTheSameAtOnceAgree() async throws {
        let store = try await makeStore()
        let content = [UInt8](repeating: 5, count: 300_000)
        let folders = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<16 {
                group.addTask {
                    let file = try await keepFile("model.onnx", content, in: store)
                    return try store.materialize([file], as: Digest(of: [0]))
                }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(folders.count == 1)
        #expect(try await store.read(Digest(of: content), limit: content.count) == content)
    }
}

struct BrokenOff: Error {}

/// What the network would bring, piece by piece.
package func pieces(_ chunks: [[UInt8]], then failure: (any Error)? = nil) -> AsyncThrowingStream<[UInt8], any Error> {
    AsyncThrowingStream { continuation in
        for chunk in chunks { continuation.yield(chunk) }
        continuation.finish(throwing: failure)
    }
}

package func keep(_ content: [UInt8], in store: any BlobStore) async throws -> Digest {
    let digest = Digest(of: content)
    try await store.put(digest, pieces([content]))
    return digest
}

package func keepFile(_ path: String, _ content: [UInt8], in store: any BlobStore) async throws -> BundleFile {
    try BundleFile(path: path, digest: await keep(content, in: store), byteCount: content.count)
}
