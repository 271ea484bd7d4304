// SPDX-License-Identifier: Apache-2.0
import BlobFiles
import Foundation
import ModelDomain
import ModelExecution
import PortContracts
import TestSupport
import Testing

struct BlobFilesTests {
    private let bundle = Digest(of: [0])

    @Test func keepsTheContract() async throws {
        try await withTemporaryFolder { folder async throws in
            try await BlobStoreContract { try BlobFiles(folder: "\(folder)/\(UUID().uuidString)") }.run()
        }
    }

    @Test func keepsTheContractOfAShelf() async throws {
        try await withTemporaryFolder { folder async throws in
            try await ContentShelfContract { now in
                try BlobFiles(folder: "\(folder)/\(UUID().uuidString)", now: now)
            }.run()
        }
    }

    @Test func onlyTheOwnerMayReadContents() async throws {
        try await withStore { store, folder async throws in
            let file = try await keepFile("deep/model.onnx", [1, 2], in: store)
            _ = try store.materialize([file], as: bundle)
            let root = try FileManager.default.attributesOfItem(atPath: folder)
            #expect(root[.posixPermissions] as? Int == 0o700)
            let all = try #require(FileManager.default.enumerator(atPath: folder)).compactMap { $0 as? String }
            #expect(all.contains("blobs/\(file.digest.hex.prefix(2))/\(file.digest.hex)"))
            #expect(all.contains("bundles/\(bundle.hex)/deep/model.onnx"))
            for path in all {
                let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(path)")
                let isFolder = attributes[.type] as? FileAttributeType == .typeDirectory
                #expect(attributes[.posixPermissions] as? Int == (isFolder ? 0o755 : 0o644), "\(path)")
            }
        }
    }

    @Test func anInterruptedWriteLeavesNothing() async throws {
        try await withStore { store, folder async throws in
            let digest = Digest(of: [1, 2])
            await #expect(throws: Interrupted.self) {
                try await store.put(digest, pieces([[1], [2]], then: Interrupted()))
            }
            await expectCode(.contentDiffers) { try await store.put(digest, pieces([[1], [3]])) }
            let task = Task { try await store.put(digest, neverEnding()) }
            for _ in 0..<5000 where try unfinished(in: folder).isEmpty { try await Task.sleep(for: .milliseconds(1)) }
            #expect(try unfinished(in: folder).count == 1)
            task.cancel()
            _ = await task.result
            #expect(try unfinished(in: folder).isEmpty)
            #expect(try files(below: "\(folder)/blobs").isEmpty)
        }
    }

    @Test func whatAKilledProcessLeftIsSweptAtTheNextStart() async throws {
        try await withStore { store, folder async throws in
            let digest = try await keep([1, 2], in: store)
            let half = "\(folder)/unfinished/half"
            try FileManager.default.createDirectory(atPath: half, withIntermediateDirectories: false)
            try Data([1]).write(to: URL(filePath: half + "/blob"))
            // As releases before this one left it.
            try Data([1]).write(to: URL(filePath: half + ".file"))
            let next = try BlobFiles(folder: folder)
            #expect(!FileManager.default.fileExists(atPath: half))
            #expect(!FileManager.default.fileExists(atPath: half + ".file"))
            #expect(try await next.read(digest, limit: 2) == [1, 2])
        }
    }

    @Test func aBundleSharesTheBytesOfItsContents() async throws {
        try await withStore { store, folder async throws in
            let file = try await keepFile("model.onnx", [1, 2], in: store)
            let target = try store.materialize([file], as: bundle)
            #expect(target == "\(folder)/bundles/\(bundle.hex)")
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(target)/model.onnx")
            #expect(attributes[.referenceCount] as? Int == 2)
        }
    }

    @Test func aBrokenBundleFolderIsMadeAnew() async throws {
        try await withStore { store, _ async throws in
            let file = try await keepFile("model.onnx", [1, 2], in: store)
            let target = try store.materialize([file], as: bundle)
            try FileManager.default.removeItem(atPath: "\(target)/model.onnx")
            try Data([1]).write(to: URL(filePath: "\(target)/model.onnx"))
            #expect(try store.materialize([file], as: bundle) == target)
            #expect(try Data(contentsOf: URL(filePath: "\(target)/model.onnx")) == Data([1, 2]))
        }
    }

    /// A bit that flips on disk is found when the folder is made, named, and mended by sending the content again.
    @Test func aDamagedContentIsRefusedByNameAndMended() async throws {
        try await withStore { store, folder async throws in
            let sound = try await keepFile("a.bin", [9], in: store)
            let file = try await keepFile("model.onnx", [1, 2], in: store)
            try flipBit(in: file.digest, below: folder)
            let error = #expect(throws: Refusal.self) {
                _ = try store.materialize([sound, file], as: bundle)
            }
            #expect(error?.explanation.code == .bundleDamaged)
            #expect(error?.explanation.message.contains("“model.onnx”") == true)
            #expect(try unfinished(in: folder).isEmpty)
            #expect(try await !store.contains(file.digest))

            _ = try await keep([1, 2], in: store)
            let target = try store.materialize([sound, file], as: bundle)
            #expect(try Data(contentsOf: URL(filePath: "\(target)/model.onnx")) == Data([1, 2]))
        }
    }

    @Test func aDamagedContentIsNotRead() async throws {
        try await withStore { store, folder async throws in
            let digest = try await keep([1, 2], in: store)
            try flipBit(in: digest, below: folder)
            await expectCode(.bundleDamaged) { _ = try await store.read(digest, limit: 10) }
        }
    }

    @Test func sendingAContentAgainMendsADamagedOne() async throws {
        try await withStore { store, folder async throws in
            let digest = try await keep([1, 2], in: store)
            try flipBit(in: digest, below: folder)
            _ = try await keep([1, 2], in: store)
            #expect(try await store.read(digest, limit: 2) == [1, 2])
        }
    }

    @Test func verificationFindsEveryDamagedFile() async throws {
        try await withStore { store, folder async throws in
            let files = try await [
                keepFile("a", [1], in: store), keepFile("b", [2], in: store), keepFile("c", [3], in: store),
            ]
            let target = try store.materialize(files, as: bundle)
            #expect(try await store.verify(files, of: bundle).isEmpty)
            try flipBit(in: files[0].digest, below: folder)
            try FileManager.default.removeItem(atPath: "\(folder)/blobs/\(files[1].digest.hex.prefix(2))")
            #expect(try await store.verify(files, of: bundle).map(\.path) == ["a", "b"])
            #expect(!FileManager.default.fileExists(atPath: target))

            for byte in [UInt8(1), 2] { _ = try await keep([byte], in: store) }
            _ = try store.materialize(files, as: bundle)
            #expect(try await store.verify(files, of: bundle).isEmpty)
        }
    }

    @Test func verificationFindsAFileThatWasReplacedInTheFolder() async throws {
        try await withStore { store, _ async throws in
            let file = try await keepFile("a", [1], in: store)
            let target = try store.materialize([file], as: bundle)
            try FileManager.default.removeItem(atPath: "\(target)/a")
            try Data([7]).write(to: URL(filePath: "\(target)/a"))
            #expect(try await store.verify([file], of: bundle) == [file])
            #expect(try await store.contains(file.digest))
        }
    }

    @Test func aLinkInPlaceOfAFileIsNotFollowed() async throws {
        try await withStore { store, folder async throws in
            let file = try await keepFile("a", [1], in: store)
            let target = try store.materialize([file], as: bundle)
            try Data([1]).write(to: URL(filePath: "\(folder)/elsewhere"))
            try FileManager.default.removeItem(atPath: "\(target)/a")
            try FileManager.default.createSymbolicLink(
                atPath: "\(target)/a", withDestinationPath: "\(folder)/elsewhere")
            _ = try store.materialize([file], as: bundle)
            let type = try FileManager.default.attributesOfItem(atPath: "\(target)/a")[.type] as? FileAttributeType
            #expect(type == .typeRegular)
        }
    }

    @Test func aPlaceThatCannotBeWrittenIsExplained() async throws {
        try await withTemporaryFolder { folder async throws in
            try Data().write(to: URL(filePath: "\(folder)/file"))
            for path in ["\(folder)/file", "\(folder)/file/below", "\(folder)/nowhere/below"] {
                await expectCode(.notWritable) { _ = try BlobFiles(folder: path) }
            }
        }
        try await withStore { store, folder async throws in
            try FileManager.default.removeItem(atPath: "\(folder)/unfinished")
            await expectCode(.notWritable) { _ = try await keep([1], in: store) }
        }
    }

    private func withStore(_ body: (BlobFiles, String) async throws -> Void) async throws {
        try await withTemporaryFolder { parent async throws in
            try await body(BlobFiles(folder: "\(parent)/contents"), "\(parent)/contents")
        }
    }

    private func files(below folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).filter { path in
            var isFolder: ObjCBool = false
            return unsafe FileManager.default.fileExists(atPath: "\(folder)/\(path)", isDirectory: &isFolder)
                && !isFolder.boolValue
        }
    }

    private func flipBit(in digest: Digest, below folder: String) throws {
        let url = URL(filePath: "\(folder)/blobs/\(digest.hex.prefix(2))/\(digest.hex)")
        let handle = try FileHandle(forUpdating: url)
        let first = try #require(try handle.read(upToCount: 1)?.first)
        try handle.seek(toOffset: 0)
        try handle.write(contentsOf: Data([first ^ 1]))
        try handle.close()
    }

    /// Sends one piece, and then waits until its reader is cancelled.
    private func neverEnding() -> AsyncThrowingStream<[UInt8], any Error> {
        AsyncThrowingStream { continuation in continuation.yield([1]) }
    }
}

private struct Interrupted: Error {}
