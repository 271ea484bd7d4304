// SPDX-License-Identifier: Apache-2.0
import ModelDomain
package import PredictionLogging
import Testing

/// What every ``SubjectKeyStore`` keeps.
package struct SubjectKeyStoreContract {
    private let makeStore: () async throws -> any SubjectKeyStore

    /// - Parameter makeStore: Makes an empty one.
    package init(makeStore: @escaping () async throws -> any SubjectKeyStore) { self.makeStore = makeStore }

    package func check() async throws {
        let store = try await makeStore()
        let (ada, bob) = (String(repeating: "a", count: 64), String(repeating: "b", count: 64))
        let other = try ProjectName("other")
        #expect(try await store.key(of: ada, in: .standard) == nil)
        let keys = try await store.keys(of: [ada, bob], in: .standard)
        #expect(Set(keys.keys) == [ada, bob])
        let (first, second) = (try #require(keys[ada]), try #require(keys[bob]))
        #expect(first.secret.count == 32 && first.secret != second.secret && first.reference != second.reference)
        // The same for whoever asks again, and another one in another project.
        #expect(try await store.keys(of: [ada], in: .standard) == [ada: first])
        #expect(try await store.key(of: ada, in: .standard) == first)
        let elsewhere = try #require(try await store.keys(of: [ada], in: other)[ada])
        #expect(elsewhere != first)
        #expect(
            try await store.secrets(of: [first.reference, second.reference, .random()])
                == [first.reference: first.secret, second.reference: second.secret])
        #expect(try await store.secrets(of: []).isEmpty)

        #expect(try await store.destroy(ada, in: .standard) == first.reference)
        #expect(try await store.destroy(ada, in: .standard) == nil)
        #expect(try await store.secrets(of: [first.reference]).isEmpty)
        #expect(try await store.key(of: ada, in: other) == elsewhere)
        // Whoever comes again has nothing of what was before.
        let again = try #require(try await store.keys(of: [ada], in: .standard)[ada])
        #expect(again.reference != first.reference && again.secret != first.secret)

        // More than one statement takes, and at once.
        let many = Set((0..<5000).map { String(repeating: "0", count: 60) + String(10_000 + $0).suffix(4) })
        async let one = store.keys(of: many, in: .standard)
        async let two = store.keys(of: many, in: .standard)
        let (left, right) = try await (one, two)
        #expect(left.count == many.count && left == right)
        #expect(try await store.secrets(of: Set(left.values.map(\.reference))).count == many.count)
    }
}
