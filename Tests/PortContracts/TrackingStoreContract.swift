// SPDX-License-Identifier: Apache-2.0
package import ExperimentTracking
internal import ModelDomain
internal import Testing

/// What every `TrackingStore` promises. A new adapter starts by running this.
package struct TrackingStoreContract {
    let makeStore: @Sendable () async throws -> any TrackingStore

    /// - Parameter makeStore: Makes an empty store, a new one each time.
    package init(makeStore: @escaping @Sendable () async throws -> any TrackingStore) { self.makeStore = makeStore }

    package func run() async throws {
        try await experimentsComeBackAsTheyWere()
        try await aDeletedExperimentTakesItsRunsAlong()
        try await everyPointOfAMetricIsKept()
        try await numbersThatAreNotFiniteComeBack()
        try await runsAreFoundByWhatTheyRecorded()
        try await ordersPutNaNBehindNumbersAndMissingLast()
        try await samplesHaveBothEnds()
        try await inputsAreKeptOnce()
        try await loggedModelsHaveTheirMetrics()
        try await aFolderListsWhatIsDirectlyInIt()
        try await aBodyThatThrowsChangesNothing()
    }

    func experimentsComeBackAsTheyWere() async throws {
        let store = try await makeStore()
        let id = try await store.write {
            try $0.makeExperiment(
                named: "Bäume 🌳", in: .standard, number: nil, tags: [KeyedText("team", "a'b\"c")], at: time(1_000))
        }
        try await store.write { try $0.setTag("empty", to: "", of: id, at: time(2_000)) }
        try await store.read { store throws in
            let found = try #require(try store.experiment(named: "Bäume 🌳", in: .standard))
            #expect(found.id == id && found.createdAt == time(1_000) && found.updatedAt == time(2_000))
            #expect(found.tags == [KeyedText("empty", ""), KeyedText("team", "a'b\"c")])
            #expect(try store.experiment(named: "bäume 🌳", in: .standard) == nil)
            #expect(try store.experiment(named: "Bäume 🌳", in: ProjectName("other")) == nil)
        }
    }

    func aDeletedExperimentTakesItsRunsAlong() async throws {
        let store = try await makeStore()
        let (id, runs) = try await seed(store, runs: 2)
        try await store.write { try $0.setDeleted(true, runs[0], at: time(5)) }
        try await store.write { try $0.setDeleted(true, id, at: time(9)) }
        let deleted = try await store.read { store in try runs.map { try store.runInfo($0)?.isDeleted } }
        #expect(deleted == [true, true])
        try await store.write { try $0.setDeleted(false, id, at: time(10)) }
        let restored = try await store.read { store in try runs.map { try store.runInfo($0)?.isDeleted } }
        #expect(restored == [true, false], "a run that had been deleted by itself stays so")
    }

    func everyPointOfAMetricIsKept() async throws {
        let store = try await makeStore()
        let run = try await seed(store, runs: 1).runs[0]
        let points = [
            point("loss", 3, at: 30, step: 2), point("loss", 2, at: 10, step: -1), point("loss", 3, at: 30, step: 2),
            point("acc", 1, at: 1, step: 0),
        ]
        try await store.write { try $0.append(points, to: run) }
        try await store.write { try $0.append([point("loss", 9, at: 30, step: 2)], to: run) }
        try await store.read { store throws in
            let history = try store.metricHistory("loss", of: run, offset: 0, limit: 10)
            #expect(history.map(\.value) == [2, 3, 3, 9], "by time, step and value, whatever came first")
            #expect(try store.metricHistory("loss", of: run, offset: 2, limit: 1).map(\.value) == [3])
            #expect(try store.metricHistory("none", of: run, offset: 0, limit: 1).isEmpty)
            #expect(try ["loss", "acc", "none"].map { try store.pointCount(of: $0, in: run) } == [4, 1, 0])
            let latest = try #require(try store.runs([run]).first).metrics
            #expect(latest.map(\.key) == ["acc", "loss"])
            #expect(latest.map(\.value) == [1, 9], "of one step and time the greatest value")
        }
    }

    func numbersThatAreNotFiniteComeBack() async throws {
        let store = try await makeStore()
        let run = try await seed(store, runs: 1).runs[0]
        let values: [Double] = [.nan, .infinity, -.infinity, 1e308, -0.0, 2.3e-308]
        try await store.write { store in
            try store.append(values.enumerated().map { point("m\($0)", $1, at: 0, step: 0) }, to: run)
        }
        let found = try await store.read { try $0.runs([run]).first?.metrics.map(\.value) ?? [] }
        #expect(found.first?.isNaN == true)
        #expect(found.dropFirst() == values.dropFirst())
    }

    func runsAreFoundByWhatTheyRecorded() async throws {
        let store = try await makeStore()
        let (id, runs) = try await seed(store, runs: 3)
        try await store.write { store in
            for (index, run) in runs.enumerated() {
                try store.append([point("auc", Double(index) / 2, at: 0, step: 0)], to: run)
                try store.insertParams([KeyedText("kind", index == 2 ? "Tree_1" : "linear*")], of: run)
                if index > 0 { try store.setTag("team", to: "x", of: run) }
            }
        }
        let cases: [(String, [Int])] = [
            ("", [2, 1, 0]), ("metrics.auc > 0.4", [2, 1]), ("metrics.auc >= 0.5 AND tags.team = 'x'", [2, 1]),
            ("metrics.auc != 0.5", [2, 0]), ("metrics.auc < 1e400", [2, 1, 0]), ("params.kind = 'linear*'", [1, 0]),
            ("params.kind LIKE 'tree%'", []), ("params.kind ILIKE 'tree%'", [2]), ("params.kind LIKE '%_1'", [2]),
            ("params.kind LIKE 'linear[*]'", []), ("params.kind LIKE '%*'", [1, 0]), ("tags.team IS NULL", [0]),
            ("tags.team IS NOT NULL", [2, 1]), ("tags.team != 'y'", [2, 1]), ("metrics.none < 1", []),
            ("attributes.status = 'RUNNING' AND run_name LIKE 'run-%'", [2, 1, 0]),
            ("attributes.run_id IN ('\(runs[1])', 'x')", [1]), ("start_time > 0", [2, 1]),
            ("params.kind = 'x'' OR 1=1 --'", []),
        ]
        for (text, wanted) in cases {
            var search = SearchRequest()
            search.filter = try SearchGrammar.runs.filter(text)
            let found = try await store.read { [search] in try $0.runs(of: [id], search) }
            #expect(found == wanted.map { runs[$0] }, "\(text)")
        }
        var page = SearchRequest()
        (page.offset, page.limit) = (1, 1)
        let found = try await store.read { [page] in try $0.runs(of: [id], page) }
        #expect(found == [runs[1], runs[0]], "one more than was asked for")
    }

    func ordersPutNaNBehindNumbersAndMissingLast() async throws {
        let store = try await makeStore()
        let (id, runs) = try await seed(store, runs: 4)
        try await store.write { store in
            for (run, value) in zip(runs, [Double.nan, 1, 2]) {
                try store.append([point("m", value, at: 0, step: 0)], to: run)
            }
        }
        for (text, wanted) in [
            ("metrics.m DESC", [2, 1, 0, 3]), ("metrics.m ASC", [1, 2, 0, 3]), ("metric.`m`", [1, 2, 0, 3]),
        ] {
            var search = SearchRequest()
            search.order = [try SearchGrammar.runs.order(text)]
            let found = try await store.read { [search] in try $0.runs(of: [id], search) }
            #expect(found == wanted.map { runs[$0] }, "\(text)")
        }
    }

    func samplesHaveBothEnds() async throws {
        let store = try await makeStore()
        let run = try await seed(store, runs: 1).runs[0]
        try await store.write { store in
            try store.append((0..<900).map { point("m", Double($0), at: Int64($0), step: Int64($0 * 3)) }, to: run)
        }
        let sample = try await store.read { try $0.metricSample("m", of: run, steps: nil, limit: 30) }
        #expect(sample.first?.step == 0 && sample.last?.step == 2697)
        #expect((25...32).contains(sample.count))
        let part = try await store.read { try $0.metricSample("m", of: run, steps: 10...20, limit: 30) }
        #expect(part.map(\.step) == [12, 15, 18])
    }

    func inputsAreKeptOnce() async throws {
        let store = try await makeStore()
        let (id, runs) = try await seed(store, runs: 2)
        let input = DatasetInput(
            key: DatasetKey(name: "iris", digest: "8f"), sourceType: "http", source: "{}", schema: nil, profile: nil,
            tags: [KeyedText(DatasetInput.contextTag, "training")])
        for run in [runs[0], runs[0], runs[1]] { try await store.write { try $0.insert([input], of: run) } }
        let model = LoggedModelID("m-" + String(repeating: "a", count: 32))
        let made = try #require(model)
        for _ in 0..<2 {
            try await store.write { store in
                try store.insert([ModelOutput(model: made, step: 3)], of: runs[0])
                try store.insert(inputModels: [made], of: runs[0])
            }
        }
        try await store.read { store throws in
            let run = try #require(try store.runs([runs[0]]).first)
            #expect(run.datasets == [input])
            #expect(run.outputModels == [ModelOutput(model: made, step: 3)] && run.inputModels == [made])
            #expect(try store.datasets(of: [id], limit: 10).map(\.context) == ["training"])
        }
    }

    func loggedModelsHaveTheirMetrics() async throws {
        let store = try await makeStore()
        let (id, runs) = try await seed(store, runs: 1)
        let modelID = try #require(LoggedModelID("m-" + String(repeating: "b", count: 32)))
        let dataset = DatasetKey(name: "iris", digest: "8f")
        try await store.write { store in
            var model = LoggedModel(
                id: modelID, experiment: id, name: "model", type: "", sourceRun: runs[0], status: .pending,
                createdAt: time(1), updatedAt: time(1))
            model.params = [KeyedText("a", "1")]
            try store.insert(model)
            try store.append(
                [MetricPoint(key: "acc", value: 0.9, timestamp: 1, step: 0, model: modelID, dataset: dataset)],
                to: runs[0])
            try store.setStatus(.ready, of: modelID, at: time(2))
        }
        for (text, count) in [
            ("name = 'model' AND metrics.acc > 0.8", 1), ("status = 'READY'", 1), ("metrics.acc > 0.95", 0),
            ("params.a = '1' AND source_run_id = '\(runs[0])'", 1),
        ] {
            var search = SearchRequest()
            search.filter = try SearchGrammar.loggedModels.filter(text)
            let found = try await store.read { [search] in
                try $0.loggedModels(of: [id], datasets: [dataset], search).map { ($0.id, $0.metrics.map(\.point)) }
            }
            #expect(found.count == count, "\(text)")
            #expect(found.first.map { $0.1.first?.dataset == dataset } ?? true)
        }
        try await store.write { try $0.remove(modelID, at: time(3)) }
        #expect(try await store.read { try $0.loggedModel(modelID)?.isDeleted } == true)
        #expect(try await store.read { try $0.loggedModels(of: [id], datasets: [], SearchRequest()).isEmpty })
    }

    func aFolderListsWhatIsDirectlyInIt() async throws {
        let store = try await makeStore()
        let names = ["a/b/c.txt", "a/b/d.txt", "a/b0.txt", "a/bb", "a b/x", "a/ü/\u{301}x", "a.txt"]
        try await store.write { store in
            for name in names {
                try store.setArtifact(
                    Artifact(
                        path: ArtifactPath("0/r/artifacts/\(name)"), content: Digest(of: name.utf8),
                        byteCount: name.utf8.count, changedAt: time(1)))
            }
        }
        try await store.read { store throws in
            let top = try store.artifacts(in: ArtifactPath("0/r/artifacts"))
            #expect(
                top.map(\.name) == ["a", "a b", "a.txt"] && top.map { $0.byteCount == nil } == [true, true, false])
            #expect(try store.artifacts(in: ArtifactPath("0/r/artifacts/a")).map(\.name) == ["b", "b0.txt", "bb", "ü"])
            #expect(try store.artifacts(below: ArtifactPath("0/r/artifacts/a/b"), limit: 9).count == 2)
            #expect(try store.artifacts(in: ArtifactPath("0/none")).isEmpty)
        }
        #expect(try await store.write { try $0.removeArtifacts(below: ArtifactPath("0/r/artifacts/a")) } == 5)
        #expect(try await store.read { try $0.artifacts(in: ArtifactPath("0/r/artifacts")).count } == 2)
    }

    func aBodyThatThrowsChangesNothing() async throws {
        let store = try await makeStore()
        let run = try await seed(store, runs: 1).runs[0]
        await expectCode(.runUnknown) {
            try await store.write { store in
                try store.insertParams([KeyedText("a", "1")], of: run)
                throw TrackingError.unknownRun("x")
            }
        }
        #expect(try await store.read { try $0.params(["a"], of: run).isEmpty })
    }

    /// An experiment with runs that started one after the other.
    private func seed(_ store: any TrackingStore, runs count: Int) async throws -> (id: ExperimentID, runs: [RunID]) {
        try await store.write { store in
            let id = try store.makeExperiment(named: "seed", in: .standard, number: nil, tags: [], at: time(1))
            let runs = (0..<count).compactMap { RunID(String(repeating: String($0), count: 32)) }
            for (index, run) in runs.enumerated() {
                try store.insert(
                    RunInfo(
                        id: run, experiment: id, name: "run-\(index)", user: "ada", status: .running,
                        startedAt: Int64(index), endedAt: nil, isDeleted: false), tags: [])
            }
            return (id, runs)
        }
    }
}

private func time(_ microseconds: Int64) -> Timestamp { Timestamp(microseconds: microseconds) }

private func point(_ key: String, _ value: Double, at timestamp: Int64, step: Int64) -> MetricPoint {
    MetricPoint(key: key, value: value, timestamp: timestamp, step: step)
}
