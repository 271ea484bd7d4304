// SPDX-License-Identifier: Apache-2.0
package import DataVersions
internal import ModelDomain
internal import ModelRegistry
internal import Testing

/// What every `DatasetStore` promises. A new adapter starts by running this.
package struct DatasetStoreContract {
    let makeStore: @Sendable () async throws -> any DatasetStore

    /// - Parameter makeStore: Makes an empty store, a new one each time.
    package init(makeStore: @escaping @Sendable () async throws -> any DatasetStore) { self.makeStore = makeStore }

    package func run() async throws {
        try await versionsComeBackAsTheyWere()
        try await theNewestOfEachIsListed()
        try await versionsAreFoundByTheirData()
        try await aNumberIsGivenOnce()
        try await aChangeAndItsEntryAreOne()
        try await aProjectWithDataIsNotEmpty()
        try await changesAtTheSameTimeTakeTurns()
    }

    func versionsComeBackAsTheyWere() async throws {
        let store = try await makeStore()
        let all = [
            makeDatasetVersion(2, isKept: false, note: nil, bytes: 0),
            makeDatasetVersion(1, note: "für “a'b”\n😀", bytes: 1 << 53),
        ]
        try await store.write { store in for version in all.reversed() { try store.insert(version) } }
        #expect(try await store.read { try $0.versions(of: churnTrain) } == all)
        #expect(try await store.write { try $0.versions(of: churnTrain) } == all)
        #expect(try await store.read { try $0.versions(of: DatasetReference(name: makeName("nobody"))) }.isEmpty)
    }

    func theNewestOfEachIsListed() async throws {
        let store = try await makeStore()
        let other = DatasetReference(name: makeName("a.b"))
        let growth: ProjectName = makeName("growth")
        let foreign = DatasetReference(project: growth, name: churnTrain.name)
        try await store.write { store in
            try store.insertProject(growth, at: Timestamp(microseconds: 1))
            for number in 1...11 { try store.insert(makeDatasetVersion(number)) }
            try store.insert(makeDatasetVersion(1, of: other))
            try store.insert(makeDatasetVersion(3, of: foreign))
        }
        try await store.read { store throws in
            #expect(
                try store.newestDatasets(in: .standard) == [
                    makeDatasetVersion(1, of: other), makeDatasetVersion(11),
                ])
            #expect(try store.newestDatasets(in: growth) == [makeDatasetVersion(3, of: foreign)])
            #expect(try store.newestDatasets(in: makeName("nobody")).isEmpty)
        }
    }

    func versionsAreFoundByTheirData() async throws {
        let store = try await makeStore()
        let other = DatasetReference(name: makeName("other"))
        let all = [
            makeDatasetVersion(1, data: "x"), makeDatasetVersion(2, data: "y"),
            makeDatasetVersion(1, of: other, data: "x"),
        ]
        try await store.write { store in for version in all { try store.insert(version) } }
        try await store.read { store throws in
            #expect(try store.versions(withData: [Digest(of: "x".utf8)]) == [all[0], all[2]])
            #expect(try store.versions(withData: [Digest(of: "z".utf8), Digest(of: "y".utf8)]) == [all[1]])
            #expect(try store.versions(withData: []).isEmpty)
        }
    }

    func aNumberIsGivenOnce() async throws {
        let store = try await makeStore()
        try await store.write { try $0.insert(makeDatasetVersion(1)) }
        await expectCode(.storeUnavailable) {
            try await store.write { try $0.insert(makeDatasetVersion(1, data: "other")) }
        }
        await expectCode(.storeUnavailable) { try await store.write { try $0.insert(makeDatasetVersion(0)) } }
        #expect(try await store.read { try $0.versions(of: churnTrain) } == [makeDatasetVersion(1)])
    }

    func aChangeAndItsEntryAreOne() async throws {
        let store = try await makeStore()
        await expectCode(.aliasUnknown) {
            try await store.write { store in
                try store.insert(makeDatasetVersion(1))
                try store.append(try nextEntry(in: store))
                throw Refusal(.aliasUnknown, .notFound, "No.")
            }
        }
        #expect(try await store.read { try $0.versions(of: churnTrain) }.isEmpty)
        #expect(try await store.read { try $0.ledgerHead() } == nil)
    }

    func aProjectWithDataIsNotEmpty() async throws {
        let store = try await makeStore()
        try await store.write { store in for number in 1...2 { try store.insert(makeDatasetVersion(number)) } }
        let record = try await store.read { try $0.projects().first { $0.name == .standard } }
        #expect(record?.datasetCount == 1 && record?.isEmpty == false)
    }

    func changesAtTheSameTimeTakeTurns() async throws {
        let store = try await makeStore()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for _ in 0..<20 {
                tasks.addTask {
                    try await store.write { store in
                        let newest = try store.versions(of: churnTrain).first?.number ?? 0
                        try store.insert(makeDatasetVersion(newest + 1))
                    }
                }
            }
            try await tasks.waitForAll()
        }
        #expect(try await store.read { try $0.versions(of: churnTrain) }.map(\.number) == (1...20).reversed())
    }
}

package let churnTrain = DatasetReference(name: makeName("churn-train"))

package func makeDatasetVersion(
    _ number: Int, of dataset: DatasetReference = churnTrain, data: String = "data", isKept: Bool = true,
    note: String? = "as of March", bytes: Int = 1000
) -> DatasetVersion {
    DatasetVersion(
        dataset: dataset, number: number, data: Digest(of: data.utf8), manifest: Digest(of: "record \(data)".utf8),
        byteCount: bytes, rowCount: bytes / 10, newByteCount: bytes / 2, isKept: isKept, note: note,
        createdAt: Timestamp(microseconds: 1_700_000_000_000_001), createdBy: "alice")
}
