// SPDX-License-Identifier: Apache-2.0
import DataTables
import Foundation
import ModelDomain
import Statistics
import Tensors
import TestSupport
import Testing

/// The record of a version, which comes from outside.
struct DatasetManifestTests {
    private func record(isKept: Bool = true) throws -> DatasetManifest {
        let table = try table(
            "id,amount,plan,since,flag,gone\n1,2.5,\"a \"\"b\"\"\n\",2026-03-01,true,\n2,-1e300,é😀,2026-03-02,false,\n"
                + "3,nan,,,,\n4,inf,é😀,2026-03-02,true,\n")
        return manifest(of: table.profiles, key: ["id"], isKept: isKept)
    }

    @Test(arguments: [true, false])
    func itComesBackFromItsBytes(_ isKept: Bool) throws {
        let record = try record(isKept: isKept)
        let found = try DatasetManifest(manifest: record.canonicalBytes)
        #expect(found == record && found.isKept == isKept && found.canonicalBytes == record.canonicalBytes)
    }

    @Test func whatATallyMakesOfAnyNumbersComesBack() throws {
        var numbers = SeededGenerator(seed: 3)
        for _ in 0..<300 {
            let cells = (0..<Int.random(in: 0...40, using: &numbers)).map { _ -> CellValue in
                switch Int.random(in: 0..<4, using: &numbers) {
                case 0: .float(Double(bitPattern: numbers.next()))
                case 1: .integer(Int64(truncatingIfNeeded: numbers.next()))
                case 2: .missing
                default: .integer(Int64.random(in: -3...3, using: &numbers))
                }
            }
            let record = manifest(of: table(["c"], cells.map { [$0] }).profiles)
            #expect(try DatasetManifest(manifest: record.canonicalBytes) == record)
        }
    }

    @Test func aTableWithoutRowsHasARecord() throws {
        let record = manifest(of: table(["a", "b"], []).profiles)
        #expect(try DatasetManifest(manifest: record.canonicalBytes) == record && record.isKept)
    }

    @Test(arguments: [
        ("\"slipway.dataset/1\"", "\"slipway.dataset/2\""), ("\"csv\"", "\"xls\""),
        ("\"row_count\":4", "\"row_count\":5"),
        ("\"row_count\":4", "\"row_count\":-4"), ("\"row_count\":4", "\"row_count\":9223372036854775807"),
        ("\"row_count\":4", "\"row_count\":4.0"), ("\"key\":[\"id\"]", "\"key\":[\"nobody\"]"),
        ("\"key\":[\"id\"]", "\"key\":[\"id\",\"id\"]"), ("\"key\":[\"id\"]", "\"key\":[]"),
        ("\"name\":\"amount\"", "\"name\":\"id\""), ("\"type\":\"boolean\"", "\"type\":\"number\""),
        ("\"type\":\"boolean\"", "\"type\":\"bool\""), (",1000]]", ",999]]"), (",1000]]", ",-1000]]"),
        (",1000]]", ",0]]"), ("\"bytes\":1000", "\"bytes\":9223372036854775807"),
        ("\"schema\"", "\"more\":1,\"schema\""),
        ("\"sha256\":\"", "\"sha256\":\"x"), ("\"finite\":4", "\"finite\":3"), ("\"sampled\":4", "\"sampled\":200001"),
        ("\"missing\":1", "\"missing\":9223372036854775807"), ("[\"é😀\",2]", "[\"é😀\",9223372036854775807]"),
        ("\"other\":0", "\"other\":1"), ("[\"é😀\",2]", "[\"é😀\",1],[\"é😀\",1]"), ("\"maximum\":4", "\"maximum\":4e999"),
    ])
    func whatContradictsItselfIsRefused(_ text: String, _ other: String) throws {
        let bytes = try String(decoding: record().canonicalBytes, as: UTF8.self)
        let changed = bytes.replacingOccurrences(of: text, with: other)
        try #require(changed != bytes, "\(text) is not there: \(bytes)")
        #expect(refusal(of: Array(changed.utf8)) == .datasetDamaged)
    }

    @Test(arguments: [
        "", "{}", "[]", "null", "1", "{\"schema\":\"slipway.dataset/1\"}",
        String(repeating: "{\"data\":", count: 100_000), String(repeating: "[", count: 1_000_000),
    ])
    func whatIsNoRecordIsRefused(_ text: String) {
        #expect(refusal(of: Array(text.utf8)) == .datasetDamaged)
    }

    @Test func spacesAreNotCanonical() throws {
        #expect(try refusal(of: record().canonicalBytes + [0x20]) == .datasetDamaged)
    }

    /// Every one of them is refused, or is a record that says the same again.
    @Test func changedRecordsNeverEndTheProgram() throws {
        var numbers = SeededGenerator(seed: seed)
        let records = try [record().canonicalBytes, record(isKept: false).canonicalBytes]
        let words = ["9223372036854775807", "-1", "1e999", "0", "[]", "{}", "null", "\"\"", "[[", "1e308", "0.5"].map {
            Array($0.utf8)
        }
        var taken = 0
        for _ in 0..<20_000 {
            var bytes = records.randomElement(using: &numbers) ?? []
            for _ in 0..<Int.random(in: 1...3, using: &numbers) {
                let place = Int.random(in: 0..<bytes.count, using: &numbers)
                let end = min(bytes.count, place + Int.random(in: 0...8, using: &numbers))
                switch Int.random(in: 0..<4, using: &numbers) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &numbers)
                case 1: bytes.removeSubrange(place..<end)
                case 2: bytes.replaceSubrange(place..<end, with: words.randomElement(using: &numbers) ?? [])
                default: bytes[place] = UInt8.random(in: 0x30...0x39, using: &numbers)
                }
                if bytes.isEmpty { bytes = [0x7B] }
            }
            guard let found = try? DatasetManifest(manifest: bytes) else {
                #expect(refusal(of: bytes) == .datasetDamaged)
                continue
            }
            taken += 1
            #expect(found.canonicalBytes == bytes)
            // What is made of it does not end the program either.
            _ = drift(from: found.profiles, to: try record().profiles)
            _ = drift(from: try record().profiles, to: found.profiles)
            _ = Expectations(suggestedBy: found)
            _ = schemaChanges(from: found.columns, to: try record().columns)
        }
        #expect(taken > 100)
    }

    private var seed: UInt64 { ProcessInfo.processInfo.environment["SLIPWAY_SEED"].flatMap { UInt64($0) } ?? 7 }

    private func refusal(of bytes: [UInt8]) -> ErrorCode? {
        do throws(Refusal) {
            _ = try DatasetManifest(manifest: bytes)
            return nil
        } catch { return error.explanation.code }
    }

    @Test(arguments: [
        ("a.csv", DataFormat.csv), ("a.CSV", .csv), ("a/b.ndjson", .jsonl), ("x.y.pq", .parquet), ("f.feather", .arrow),
        ("a.txt", nil), ("csv", .csv), ("", nil),
    ])
    func theFormatIsToldByTheName(_ name: String, _ format: DataFormat?) { #expect(DataFormat(name: name) == format) }
}
