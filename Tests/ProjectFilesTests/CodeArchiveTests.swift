// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain
import ModelReproduction
import ProjectFiles
import TestSupport
import Testing

struct CodeArchiveTests {
    private func snapshot(of base: String) throws -> CodeSnapshot {
        let folder = base + "/code"
        let deep = (0..<12).map { "folder number \($0)" }.joined(separator: "/")
        try FileManager.default.createDirectory(atPath: "\(folder)/\(deep)", withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: base + "/scratch", withIntermediateDirectories: true)
        try writeText("print(1)", to: folder + "/train.py")
        try writeText(String(repeating: "ü", count: 700), to: "\(folder)/\(deep)/a name of its own")
        try writeText("", to: folder + "/empty")
        return try CodeSnapshot(of: folder, leavingOut: ["data"], in: base + "/scratch")
    }

    @Test func whatWasWrittenIsReadAgain() async throws {
        try await withTemporaryFolder { base in
            let snapshot = try snapshot(of: base)
            #expect(snapshot.git == nil && snapshot.patch == nil)
            try FileManager.default.createDirectory(atPath: base + "/again", withIntermediateDirectories: true)
            try layOutCode(snapshot.archive, patch: nil, in: base + "/again")
            let names = try FileManager.default.subpathsOfDirectory(atPath: base + "/code").sorted()
            #expect(try FileManager.default.subpathsOfDirectory(atPath: base + "/again").sorted() == names)
            for name in names {
                #expect(
                    FileManager.default.contents(atPath: "\(base)/code/\(name)")
                        == FileManager.default.contents(atPath: "\(base)/again/\(name)"))
            }
        }
    }

    /// Archives with bytes changed, cut and doubled: each is unpacked or refused, and nothing lies beside its folder.
    @Test func damagedArchivesStayInside() async throws {
        try await withTemporaryFolder { base in
            let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: snapshot(of: base).archive)))
            try FileManager.default.createDirectory(atPath: base + "/box/inner", withIntermediateDirectories: true)
            var random = SeededGenerator(seed: 33)
            var refused = 0
            for _ in 0..<400 {
                var bytes = whole
                for _ in 0..<Int.random(in: 1...8, using: &random) {
                    let place = Int.random(in: 0..<bytes.count, using: &random)
                    switch Int.random(in: 0..<3, using: &random) {
                    case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                    case 1: bytes.removeLast(min(bytes.count - 1, Int.random(in: 1...700, using: &random)))
                    default: bytes.insert(contentsOf: Array("../".utf8), at: place)
                    }
                }
                let archive = base + "/archive"
                try Data(bytes).write(to: URL(fileURLWithPath: archive))
                let folder = base + "/box/inner/out"
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                do {
                    try layOutCode(archive, patch: nil, in: folder)
                } catch let refusal as Refusal {
                    refused += 1
                    #expect(refusal.explanation.code == .runRecordDamaged, "\(refusal)")
                }
                #expect(try FileManager.default.contentsOfDirectory(atPath: base + "/box") == ["inner"])
                #expect(try FileManager.default.contentsOfDirectory(atPath: base + "/box/inner") == ["out"])
                try FileManager.default.removeItem(atPath: folder)
            }
            #expect(refused > 100)
        }
    }
}
