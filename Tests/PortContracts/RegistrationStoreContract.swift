// SPDX-License-Identifier: Apache-2.0
internal import ExperimentTracking
internal import ModelDomain
package import ModelRegistry
internal import Testing

/// What every `RegistrationStore` promises. A new adapter starts by running this.
package struct RegistrationStoreContract {
    let makeStore: @Sendable () async throws -> any RegistrationStore

    /// - Parameter makeStore: Makes an empty store, a new one each time.
    package init(makeStore: @escaping @Sendable () async throws -> any RegistrationStore) {
        self.makeStore = makeStore
    }

    package func run() async throws {
        try await aModelMayHaveNoVersionYet()
        try await whatIsSaidOfAVersionComesBack()
        try await aRenamedModelTakesEverythingAlong()
        try await aDeletedNumberIsNotGivenAgain()
        try await modelsAndVersionsAreFound()
        try await whatAnEndpointNeedsIsKnown()
    }

    func aModelMayHaveNoVersionYet() async throws {
        let store = try await makeStore()
        try await store.write { store in
            try store.insertModel(churn, description: "who leaves", at: time(1))
            try store.setTag("team", to: "a'b", of: churn, at: time(2))
        }
        try await store.read { store throws in
            let model = try #require(try store.registeredModel(churn))
            #expect(model.description == "who leaves" && model.tags == [KeyedText("team", "a'b")])
            #expect(model.createdAt == time(1) && model.updatedAt == time(2))
            #expect(try store.models() == [churn] && store.versions(of: churn).isEmpty)
            #expect(try store.lastNumber(of: churn) == 0)
        }
        try await store.write { store in
            try store.setTag("team", to: nil, of: churn, at: time(3))
            try store.setDescription(nil, of: churn, at: time(3))
        }
        let model = try await store.read { try $0.registeredModel(churn) }
        #expect(model?.tags.isEmpty == true && model?.description == nil)
    }

    func whatIsSaidOfAVersionComesBack() async throws {
        let store = try await makeStore()
        let registration = Registration(source: "runs:/1/model", run: "1", runLink: "http://x", loggedModel: "m-1")
        try await store.write { store in
            try store.insert(pending(1))
            try store.setRegistration(registration, of: 1, model: churn)
            try store.setDescription("first", of: 1, model: churn, at: time(5))
            try store.setStage(.staging, of: 1, model: churn, at: time(6))
            try store.setTag("k", to: "v", of: 1, model: churn, at: time(7))
            try store.setAlias(makeName("champion"), of: churn, to: 1)
        }
        try await store.read { store throws in
            let record = try #require(try store.versionRecord(1, of: churn))
            #expect(record.registration == registration && record.stage == .staging)
            #expect(record.description == "first" && record.tags == [KeyedText("k", "v")])
            #expect(record.aliases.map(\.rawValue) == ["champion"] && record.updatedAt == time(7))
            #expect(record.version.bundle == nil && record.version.status == .pending)
        }
        let bundle = Digest(of: "bundle".utf8)
        try await store.write { store in
            try store.setBundle(bundle, provenance: bundle, origin: .original, of: 1, model: churn, at: time(8))
        }
        let version = try await store.read { try $0.version(1, of: churn) }
        #expect(version?.bundle == bundle && version?.status == .ready && version?.origin == .original)
    }

    func aRenamedModelTakesEverythingAlong() async throws {
        let store = try await makeStore()
        let renamed = ModelReference(name: makeName("Churn 2 🌳"))
        try await store.write { store in
            try store.insert(makeVersion(1))
            try store.setTag("a", to: "1", of: churn, at: time(1))
            try store.setTag("b", to: "2", of: 1, model: churn, at: time(1))
            try store.setAlias(makeName("champion"), of: churn, to: 1)
            try store.insert(makeDeployment(1, version: 1, base: nil, at: 10), to: churnEndpoint, in: .standard)
            try store.rename(churn, to: renamed.name, at: time(9))
        }
        try await store.read { store throws in
            #expect(try store.registeredModel(churn) == nil && store.versions(of: churn).isEmpty)
            #expect(try store.registeredModel(renamed)?.tags == [KeyedText("a", "1")])
            let record = try #require(try store.versionRecord(1, of: renamed))
            #expect(record.tags == [KeyedText("b", "2")] && record.aliases.count == 1)
            #expect(try store.endpoint(churnEndpoint, in: .standard)?.current.model == renamed)
        }
    }

    func aDeletedNumberIsNotGivenAgain() async throws {
        let store = try await makeStore()
        try await store.write { store in
            for number in 1...2 { try store.insert(pending(number)) }
            try store.setAlias(makeName("champion"), of: churn, to: 2)
            try store.remove(2, of: churn, at: time(3))
        }
        try await store.read { store throws in
            #expect(try store.versions(of: churn).map(\.number) == [1] && store.lastNumber(of: churn) == 2)
            #expect(try store.aliases(of: churn).isEmpty && store.versionRecord(2, of: churn) == nil)
        }
        try await store.write { store in
            try store.remove(churn, at: time(4))
            try store.insertModel(churn, description: nil, at: time(5))
        }
        try await store.read { store throws in
            #expect(try store.versions(of: churn).isEmpty && store.lastNumber(of: churn) == 2)
            #expect(try store.registeredModel(churn)?.createdAt == time(5))
        }
    }

    func modelsAndVersionsAreFound() async throws {
        let store = try await makeStore()
        try await store.write { store in
            for (index, name) in ["b", "a", "Prompt"].enumerated() {
                let model = ModelReference(name: makeName(name))
                try store.insertModel(model, description: nil, at: time(Int64(index)))
                try store.insert(pending(1, of: model))
            }
            try store.setTag(
                SearchGrammar.promptTag, to: "true", of: ModelReference(name: makeName("Prompt")), at: time(9))
        }
        for (text, wanted) in [
            ("", ["Prompt", "a", "b"]), ("tags.`mlflow.prompt.is_prompt` != 'true'", ["a", "b"]),
            ("tags.`mlflow.prompt.is_prompt` = 'true'", ["Prompt"]), ("name LIKE 'p%'", []),
            ("name ILIKE 'p%'", ["Prompt"]),
        ] {
            var search = SearchRequest()
            search.filter = try SearchGrammar.models.filter(text)
            let found = try await store.read { [search] in try $0.registeredModels(in: .standard, search) }
            #expect(found.map(\.reference.name.rawValue) == wanted, "\(text)")
        }
        var search = SearchRequest()
        search.filter = try SearchGrammar.versions.filter("name IN ('a', 'b') AND version_number >= 1")
        search.order = [try SearchGrammar.versions.order("name DESC")]
        let found = try await store.read { [search] in try $0.versionRecords(in: .standard, search) }
        #expect(found.map(\.version.model.name.rawValue) == ["b", "a"])
    }

    func whatAnEndpointNeedsIsKnown() async throws {
        let store = try await makeStore()
        try await store.write { store in
            for number in 1...2 { try store.insert(makeVersion(number)) }
            try store.insert(makeDeployment(1, version: 1, base: nil, at: 10), to: churnEndpoint, in: .standard)
        }
        try await store.read { store throws in
            #expect(try store.endpoints(deploying: churn, version: nil) == [churnEndpoint])
            #expect(try store.endpoints(deploying: churn, version: 1) == [churnEndpoint])
            #expect(try store.endpoints(deploying: churn, version: 2).isEmpty)
        }
    }
}

private func time(_ microseconds: Int64) -> Timestamp { Timestamp(microseconds: microseconds) }

/// A version that has no bundle yet.
private func pending(_ number: Int, of model: ModelReference = churn) -> ModelVersion {
    ModelVersion(
        model: model, number: number, bundle: nil, provenance: nil, status: .pending, origin: nil, createdAt: time(4),
        createdBy: "ada")
}
