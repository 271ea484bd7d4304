// SPDX-License-Identifier: Apache-2.0
package import ContentRetention
package import ExperimentTracking
internal import ModelDomain
package import ModelRegistry
internal import Testing

/// What every `RetentionStore` promises. A new adapter starts by running this.
package struct RetentionStoreContract {
    /// Stores of one database.
    package struct Stores: Sendable {
        let retention: any RetentionStore
        let tracking: any TrackingStore
        let registrations: any RegistrationStore

        package init(
            retention: any RetentionStore, tracking: any TrackingStore, registrations: any RegistrationStore
        ) {
            self.retention = retention
            self.tracking = tracking
            self.registrations = registrations
        }
    }

    let makeStores: @Sendable () async throws -> Stores

    /// - Parameter makeStores: Makes empty stores, new ones each time.
    package init(makeStores: @escaping @Sendable () async throws -> Stores) { self.makeStores = makeStores }

    package func run() async throws {
        try await whatIsTriedChangesNothing()
        try await aRunGoesWithAllThatWasRecordedInIt()
        try await whatAVersionComesFromStays()
        try await aRunThatMeasuredALoggedModelStaysAsLongAsThat()
        try await contentsAreNamedAsLongAsTheirRowsAreThere()
    }

    func whatIsTriedChangesNothing() async throws {
        let stores = try await makeStores()
        let (_, runs) = try await seed(stores, runs: 2)
        try await stores.tracking.write { try $0.setDeleted(true, runs[0], at: time(10)) }
        let tried = try await expire(stores, by: nil)
        #expect(tried.runs == 1 && tried.summary == "1 run, 1 artifact")
        #expect(try await stores.tracking.read { try $0.runInfo(runs[0]) } != nil)
        #expect(try await stores.registrations.read { try $0.ledgerHead() } == nil)
        let done = try await expire(stores, by: "alice")
        #expect(done == tried)
        #expect(try await stores.tracking.read { try $0.runInfo(runs[0]) } == nil)
        let entry = try await stores.registrations.read { try $0.ledgerHead() }
        #expect(entry?.change.actor == "alice" && entry?.change.after == "1 run, 1 artifact")
        #expect(try await expire(stores, by: "alice").summary == nil)
        #expect(try await stores.registrations.read { try $0.ledgerHead() } == entry)
    }

    func aRunGoesWithAllThatWasRecordedInIt() async throws {
        let stores = try await makeStores()
        let (experiment, runs) = try await seed(stores, runs: 2)
        try await stores.tracking.write { store in
            try store.setDeleted(true, runs[0], at: time(10))
            // Not long enough ago.
            try store.setDeleted(true, runs[1], at: time(200))
        }
        #expect(try await expire(stores, by: "alice").runs == 1)
        try await stores.tracking.read { store throws in
            #expect(try store.runs([runs[0]]).isEmpty)
            #expect(try store.artifacts(below: ArtifactPath("\(experiment)/\(runs[0])"), limit: 10).isEmpty)
            let other = try #require(try store.runs([runs[1]]).first)
            #expect(other.metrics.count == 1 && other.params.count == 1 && other.datasets.count == 1)
            #expect(try store.artifacts(below: ArtifactPath("\(experiment)/\(runs[1])"), limit: 10).count == 1)
            #expect(try store.metricHistory("m", of: runs[1], offset: 0, limit: 10).count == 2)
        }
    }

    func whatAVersionComesFromStays() async throws {
        let stores = try await makeStores()
        let (_, runs) = try await seed(stores, runs: 3)
        try await stores.registrations.write { store in
            try store.insert(makeVersion(1))
            try store.insert(makeVersion(2, bundle: "other"))
            try store.setRegistration(Registration(source: "runs:/\(runs[0])/model"), of: 1, model: churn)
            try store.setRegistration(Registration(run: runs[1].text), of: 2, model: churn)
            try store.remove(2, of: churn, at: time(10))
        }
        try await stores.tracking.write { store in
            for run in runs { try store.setDeleted(true, run, at: time(10)) }
        }
        let expiry = try await expire(stores, by: "alice")
        #expect(expiry.runs == 2 && expiry.versions == 1)
        #expect(try await stores.tracking.read { try $0.runInfo(runs[0]) } != nil)
        #expect(try await stores.registrations.read { try $0.lastNumber(of: churn) } == 2)
        let digests = Set(expiry.references.map(\.digest))
        #expect(digests.contains(Digest(of: "bundle".utf8)) && !digests.contains(Digest(of: "other".utf8)))
        #expect(expiry.earlierReferences.contains { $0.digest == Digest(of: "other".utf8) })
    }

    func aRunThatMeasuredALoggedModelStaysAsLongAsThat() async throws {
        let stores = try await makeStores()
        let (experiment, runs) = try await seed(stores, runs: 1)
        var generator = SystemRandomNumberGenerator()
        let model = LoggedModel(
            id: LoggedModelID(random: &generator), experiment: experiment, name: "m", type: "", sourceRun: nil,
            status: .ready, createdAt: time(1), updatedAt: time(1))
        try await stores.tracking.write { store in
            try store.insert(model)
            var point = MetricPoint(key: "auc", value: 1, timestamp: 1, step: 1)
            point.model = model.id
            try store.append([point], to: runs[0])
            try store.setDeleted(true, runs[0], at: time(10))
        }
        #expect(try await expire(stores, by: "alice").runs == 0)
        try await stores.tracking.write { try $0.remove(model.id, at: time(10)) }
        let expiry = try await expire(stores, by: "alice")
        #expect(expiry.runs == 1 && expiry.loggedModels == 1)
        #expect(try await stores.tracking.read { try $0.loggedModel(model.id) } == nil)
    }

    func contentsAreNamedAsLongAsTheirRowsAreThere() async throws {
        let stores = try await makeStores()
        _ = try await seed(stores, runs: 1)
        let evidence = Digest(of: "evidence".utf8)
        try await stores.registrations.write { store in
            try store.insert(makeVersion(1))
            let change = LedgerChange(
                actor: "alice", action: "x", object: "x", before: nil, after: "3 things, list \(evidence)", reason: nil)
            try store.append(LedgerEntry(sequence: 0, time: time(50), change: change, after: nil))
        }
        for (from, isNamed) in [(Int64(50), true), (51, false)] {
            let found = try await stores.retention.expire(
                deletedBefore: time(100), ledgerFrom: time(from), by: nil, at: time(1000))
            let others = Set(found.references.map(\.digest)).subtracting([evidence])
            #expect(
                others == [Digest(of: "bundle".utf8), Digest(of: "provenance".utf8), Digest(of: "file 0".utf8)])
            #expect(found.references.contains { $0.digest == evidence } == isNamed)
            let bundle = found.references.first { $0.role == .bundle }
            #expect(bundle?.digest == Digest(of: "bundle".utf8) && bundle?.holder == "default/churn version 1")
        }
    }

    private func expire(_ stores: Stores, by actor: String?) async throws -> Expiry {
        try await stores.retention.expire(deletedBefore: time(100), ledgerFrom: time(0), by: actor, at: time(1000))
    }

    /// Runs with something of everything.
    private func seed(_ stores: Stores, runs count: Int) async throws -> (ExperimentID, [RunID]) {
        var generator = SystemRandomNumberGenerator()
        let ids = (0..<count).map { _ in RunID(random: &generator) }
        let experiment = try await stores.tracking.write { store in
            let experiment = try store.makeExperiment(
                named: "e", in: .standard, number: nil, tags: [KeyedText("t", "v")], at: time(1))
            for (index, id) in ids.enumerated() {
                let info = RunInfo(
                    id: id, experiment: experiment, name: "r", user: "", status: .finished, startedAt: 1, endedAt: 2,
                    isDeleted: false)
                try store.insert(info, tags: [KeyedText("t", "v")])
                try store.insertParams([KeyedText("p", "v")], of: id)
                try store.append(
                    (0..<2).map { MetricPoint(key: "m", value: Double($0), timestamp: 1, step: $0) }, to: id)
                try store.insert(
                    [
                        DatasetInput(
                            key: DatasetKey(name: "d", digest: "1"), sourceType: "", source: "", schema: nil,
                            profile: nil, tags: [KeyedText(DatasetInput.contextTag, "train")])
                    ], of: id)
                try store.setArtifact(
                    Artifact(
                        path: try ArtifactPath.files(of: info).appending("a/b"),
                        content: Digest(of: "file \(index)".utf8), byteCount: 6, changedAt: time(1)))
            }
            return experiment
        }
        return (experiment, ids)
    }
}

private func time(_ microseconds: Int64) -> Timestamp { Timestamp(microseconds: microseconds) }
