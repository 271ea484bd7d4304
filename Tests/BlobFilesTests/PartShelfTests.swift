// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain
import ModelExecution
import PortContracts
import TestSupport
import Testing

@testable import BlobFiles

struct PartShelfTests {
    private let room = PartRoom(byteLimit: 1 << 40, count: 10)

    @Test func keepsTheContract() async throws {
        try await withTemporaryFolder { parent async throws in
            try await PartShelfContract {
                let folder = "\(parent)/\(UUID().uuidString)"
                return (try BlobFiles(folder: folder), try BlobFiles(folder: folder))
            }.run()
        }
    }

    /// Whoever joins the parts is killed: the upload is open again at once.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: flockPath)))
    func whatADeadProcessWasJoiningIsOpenAgain() async throws {
        try await withUpload { store, place async throws in
            try await whileLocked("\(place)/joining") { () async throws in
                #expect(try await store.upload("a")?.state == .joining)
                #expect(try await store.claim("a") == nil)
                #expect(try await store.add(2, to: "a", in: room, pieces([[2]])) == .closed)
                #expect(try await !store.abort("a"))
            }
            #expect(try await store.add(2, to: "a", in: room, pieces([[2]])) == .kept(Digest(of: [2])))
            #expect(try await store.claim("a")?.parts().count == 2)
        }
    }

    @Test func aPartThatChangedOnDiskIsNotJoined() async throws {
        try await withUpload { store, place async throws in
            let digest = Digest(of: [1, 2])
            try Data([1, 3] + digest.bytes).write(to: URL(filePath: "\(place)/part-1"))
            let claim = try #require(try await store.claim("a"))
            let parts = JoinedParts(of: claim, [digest])
            await expectCode(.contentDiffers) { for try await _ in parts {} }
            // A few bytes are no part.
            try Data([1, 3]).write(to: URL(filePath: "\(place)/part-1"))
            #expect(try await claim.parts().isEmpty)
        }
    }

    /// Nothing that a client sends is the name of a file, and nothing is left of what was ended.
    @Test func namesOfFilesAreOurs() async throws {
        try await withUpload { store, place async throws in
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: place).sorted() == ["begun", "joining", "part-1"])
            try await store.claim("a")?.complete()
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: place).sorted() == [
                    "begun", "completed", "joining",
                ])
            #expect(try await store.abort("a"))
            #expect(!FileManager.default.fileExists(atPath: place))
            #expect(try unfinished(in: store.folder).isEmpty)
        }
    }

    @Test func anUploadThatCannotBeReadIsForgotten() async throws {
        try await withUpload { store, place async throws in
            try Data().write(to: URL(filePath: "\(place)/begun"))
            #expect(try await store.upload("a") == nil)
            #expect(try await store.forgetEnded() == nil)
            #expect(!FileManager.default.fileExists(atPath: place))
        }
    }

    /// With an upload that has one part, of two bytes.
    private func withUpload(_ body: (BlobFiles, String) async throws -> Void) async throws {
        try await withTemporaryFolder { parent async throws in
            let store = try BlobFiles(folder: "\(parent)/contents")
            #expect(try await store.begin("a", [7], lifetime: .seconds(60), limit: 10))
            _ = try await store.add(1, to: "a", in: room, pieces([[1, 2]]))
            try await body(store, "\(parent)/contents/uploads/\(Digest(of: "a".utf8).hex)")
        }
    }
}
