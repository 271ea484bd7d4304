// SPDX-License-Identifier: Apache-2.0
import DataTables
import DataVersions
import ModelDomain
import ModelExecution
import ModelRegistry
import PortContracts
import Testing

/// Adding versions, finding them, and getting them back.
struct DataVersionsTests {
    @Test func whatWasAddedComesBack() async throws {
        try await DataFixture.with { fixture in
            let text = csv(20_000)
            let (version, isNew) = try await fixture.add(MemoryFile(text), key: ["id"])
            #expect(isNew && version.number == 1 && version.data == Digest(of: text.utf8) && version.isKept)
            #expect(version.rowCount == 20_000 && version.byteCount == text.utf8.count)
            #expect(version.newByteCount == text.utf8.count && version.createdBy == "alice")
            #expect(try await fixture.data(of: version) == text)
            let next = try await fixture.datasets.rowDigests(of: version)
            var rows: [UInt8] = []
            while let piece = try await next() { rows += piece }
            #expect(rows.count == 20_000 * 32)
            #expect(try await fixture.actions() == ["dataset.add dataset/default/churn-train/1"])
        }
    }

    @Test func theSameDataIsTheSameVersion() async throws {
        try await DataFixture.with { fixture in
            try await fixture.add(MemoryFile(csv(10)))
            let again = try await fixture.add(MemoryFile(csv(10)))
            #expect(!again.isNew && again.version.number == 1)
            #expect(try await fixture.add(MemoryFile(csv(11))).version.number == 2)
            // Gone back to what it was is a version, too.
            #expect(try await fixture.add(MemoryFile(csv(10))).version.number == 3)
            #expect(try await fixture.actions().count == 3)
            #expect(try await fixture.datasets.versions(withData: [Digest(of: csv(10).utf8)]).map(\.number) == [1, 3])
        }
    }

    @Test func versionsShareWhatDidNotChange() async throws {
        try await DataFixture.with { fixture in
            try await fixture.add(MemoryFile(csv(100_000)))
            let edited = try await fixture.add(MemoryFile(csv(100_000, changing: [50_000])))
            #expect(edited.version.newByteCount < edited.version.byteCount / 8)
            let appended = try await fixture.add(MemoryFile(csv(101_000, changing: [50_000])))
            #expect(appended.version.newByteCount < appended.version.byteCount / 8)
        }
    }

    @Test func concurrentAddsGetNumbersOfTheirOwn() async throws {
        try await DataFixture.with { fixture in
            let numbers = try await withThrowingTaskGroup(of: Int.self) { tasks in
                for count in 1...16 { tasks.addTask { try await fixture.add(MemoryFile(csv(count))).version.number } }
                return try await tasks.reduce(into: []) { $0.append($1) }
            }
            #expect(numbers.sorted() == Array(1...16))
            let same = try await withThrowingTaskGroup(of: Bool.self) { tasks in
                for _ in 1...8 { tasks.addTask { try await fixture.add(MemoryFile(csv(99))).isNew } }
                return try await tasks.reduce(into: []) { $0.append($1) }
            }
            #expect(same.count { $0 } == 1)
        }
    }

    // MARK: What does not fit

    @Test func aContentThatIsMissingIsNamed() async throws {
        try await DataFixture.with { fixture in
            let (record, proof) = try await fixture.send(ReadDataset(MemoryFile(csv(20_000))), without: 1)
            await expectCode(.contentMissing) {
                _ = try await fixture.datasets.add(record, proof: proof, to: churnTrain, note: nil, by: "alice")
            }
            await expectCode(.contentMissing) {
                _ = try await fixture.datasets.add(
                    Digest(of: "nothing".utf8), proof: nil, to: churnTrain, note: nil, by: "alice")
            }
            await expectCode(.datasetUnknown) { _ = try await fixture.datasets.versions(of: churnTrain) }
            #expect(try await fixture.actions().isEmpty)
        }
    }

    @Test func aContentThatIsNoRecordIsRefused() async throws {
        try await DataFixture.with { fixture in
            let digest = try await fixture.put(Array("a,b\n1,2\n".utf8))
            await expectCode(.datasetDamaged) {
                _ = try await fixture.datasets.add(digest, proof: nil, to: churnTrain, note: nil, by: "alice")
            }
        }
    }

    @Test func piecesThatAreNotTheDataAreRefused() async throws {
        try await DataFixture.with { fixture in
            let read = try ReadDataset(MemoryFile(csv(10)))
            let (_, proof) = try await fixture.send(read)
            let other = try await fixture.put(Array(csv(10, changing: [3]).utf8))
            let shorter = try await fixture.put(Array("a".utf8))
            let size = try #require(read.manifest.data.chunks.first).byteCount
            for (chunk, bytes, code) in [
                (other, csv(10, changing: [3]).utf8.count, ErrorCode.datasetDamaged), (shorter, size, .datasetDamaged),
                (read.manifest.data.chunks[0].digest, size - 1, .datasetDamaged),
            ] {
                let record = changed(read.manifest, chunk: chunk, bytes: bytes).canonicalBytes
                let digest = try await fixture.put(record)
                await expectCode(code) {
                    _ = try await fixture.datasets.add(digest, proof: proof, to: churnTrain, note: nil, by: "alice")
                }
            }
            // As long as the data, and something else.
            let swapped = try await fixture.put(Array(csv(10).utf8.reversed()))
            let digest = try await fixture.put(changed(read.manifest, chunk: swapped, bytes: size).canonicalBytes)
            await expectCode(.dataDiffers) {
                _ = try await fixture.datasets.add(digest, proof: proof, to: churnTrain, note: nil, by: "alice")
            }
        }
    }

    /// The names of contents are no secret: who is shown a record must not get its data by adding it elsewhere.
    @Test func whoDoesNotHaveTheDataCannotAddIt() async throws {
        try await DataFixture.with { fixture in
            let version = try await fixture.add(MemoryFile(csv(100))).version
            let mine = DatasetReference(name: makeName("mine"))
            let elsewhere = try ReadDataset(MemoryFile(csv(100)))
            let proofOfOther = try await fixture.send(elsewhere, to: churnTrain).proof
            for proof in [nil, version.data, version.manifest, proofOfOther] {
                await expectCode(.dataDiffers) {
                    _ = try await fixture.datasets.add(version.manifest, proof: proof, to: mine, note: nil, by: "eve")
                }
            }
            #expect(try await fixture.add(MemoryFile(csv(100)), to: mine).isNew)
        }
    }

    @Test func aProjectHasToBeThere() async throws {
        try await DataFixture.with { fixture in
            let foreign = DatasetReference(project: makeName("growth"), name: churnTrain.name)
            await expectCode(.projectUnknown) { try await fixture.add(MemoryFile(csv(3)), to: foreign) }
            await expectCode(.projectUnknown) { _ = try await fixture.datasets.datasets(in: makeName("growth")) }
        }
    }

    // MARK: Fingerprints

    @Test func aFingerprintSendsNoData() async throws {
        try await DataFixture.with { fixture in
            let file = MemoryFile(csv(20_000))
            let version = try await fixture.add(file, key: ["id"], isKept: false).version
            #expect(!version.isKept && version.data == Digest(of: csv(20_000).utf8))
            let read = try ReadDataset(file)
            #expect(
                try await fixture.blobs.absent(among: read.manifest.contents.map(\.digest)).count
                    == read.manifest.contents.count)
            await expectCode(.dataNotKept) { _ = try await fixture.datasets.data(of: version) }
            await expectCode(.dataNotKept) { _ = try await fixture.datasets.rowDigests(of: version) }
            let record = try await fixture.datasets.manifest(version.manifest)
            #expect(record.rowCount == 20_000 && record.profiles.count == 3 && record.contents.isEmpty)
        }
    }

    @Test func aFingerprintListsNoValueOfFewRows() throws {
        let text = "name\n" + (0..<50).map { "\($0 < 20 ? "often" : "Ada \($0)")\n" }.joined()
        let rare = String(
            decoding: try ReadDataset(MemoryFile(text), isKept: false).manifest.canonicalBytes, as: UTF8.self)
        #expect(rare.contains("often") && !rare.contains("Ada"))
        let all = String(decoding: try ReadDataset(MemoryFile(text)).manifest.canonicalBytes, as: UTF8.self)
        #expect(all.contains("Ada"))
    }

    // MARK: Files

    @Test func aFileThatChangesWhileItIsReadIsRefused() async throws {
        #expect(throws: DatasetError.changedMeanwhile("data.csv")) {
            try ReadDataset(MemoryFile(csv(10), csv(11)))
        }
        try await DataFixture.with { fixture in
            await #expect(throws: DatasetError.changedMeanwhile("data.csv")) {
                try await fixture.add(MemoryFile(csv(10), csv(10), csv(11)))
            }
            await expectCode(.datasetUnknown) { _ = try await fixture.datasets.versions(of: churnTrain) }
        }
    }

    @Test func theRowThatCannotBeReadIsNamed() {
        do {
            _ = try ReadDataset(MemoryFile("a,b\n1,2\n3\n"))
            Issue.record("nothing was thrown")
        } catch {
            let said = (error as? any ExplainedError)?.explanation
            #expect(said?.code == .dataUnreadable && said?.message.contains("row 2") == true, "\(error)")
        }
    }

    @Test func aKeyHasToBeAColumn() {
        #expect(throws: DatasetError.unknownKey("idd", closest: "id")) {
            try ReadDataset(MemoryFile(csv(3)), key: ["idd"])
        }
    }

    /// The record depends on nothing but the bytes.
    @Test func everybodyMakesTheSameRecord() throws {
        let lines = "{\"b\":1,\"a\":\"x\"}\n{\"a\":\"y\",\"c\":[1,2]}\n"
        for file in [MemoryFile(csv(1000)), MemoryFile(lines, format: .jsonl)] {
            #expect(try ReadDataset(file).manifest.canonicalBytes == ReadDataset(file).manifest.canonicalBytes)
        }
    }

    @Test func theSameRowsInAnotherFormAreTheSame() throws {
        let lines = "{\"plan\":\"a\",\"id\":1.0}\n{\"id\":2}\n"
        let one = try ReadDataset(MemoryFile("id,plan\n1,a\n2,\n"), key: ["id"])
        let other = try ReadDataset(MemoryFile(lines, format: .jsonl), key: ["id"])
        #expect(one.rowDigests == other.rowDigests)
    }

    // MARK: Names

    @Test func aVersionIsFoundByNumberAndDigest() async throws {
        try await DataFixture.with { fixture in
            let first = try await fixture.add(MemoryFile(csv(1))).version
            let second = try await fixture.add(MemoryFile(csv(2))).version
            let find = { (text: String) in
                try await fixture.datasets.version(DatasetSelector(text), of: churnTrain)
            }
            #expect(try await find("newest") == second)
            for text in ["1", String(first.data.hex.prefix(8)), first.data.hex, first.data.description] {
                #expect(try await find(text) == first)
            }
            await expectCode(.datasetUnknown) { _ = try await find("3") }
            await expectCode(.datasetUnknown) { _ = try await find("00000000") }
        }
    }

    @Test(arguments: [
        "", "0", "-1", "01", "1.0", "latest", "abc", "0123456", "ABCDEF01", "../../1", "sha256:", "１",
        String(repeating: "a", count: 65), String(repeating: "9", count: 10_000),
    ])
    func whatNamesNoVersionIsRefused(_ text: String) {
        #expect(throws: DatasetError.self) { try DatasetSelector(text) }
    }
}

/// With another piece in place of all others.
private func changed(_ manifest: DatasetManifest, chunk: Digest, bytes: Int) -> DatasetManifest {
    DatasetManifest(
        format: manifest.format,
        data: ChunkedContent(
            digest: manifest.data.digest, byteCount: manifest.data.byteCount,
            chunks: [.init(digest: chunk, byteCount: bytes)]),
        rowCount: manifest.rowCount, key: manifest.key, rows: manifest.rows, profiles: manifest.profiles)
}
