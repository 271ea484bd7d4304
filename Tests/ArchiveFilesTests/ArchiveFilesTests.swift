// SPDX-License-Identifier: Apache-2.0
import ArchiveFiles
import Archives
import Foundation
import ModelDomain
import PlatformBackup
import PortContracts
import TestSupport
import Testing

struct ArchiveFilesTests {
    @Test func whatIsWrittenComesBack() async throws {
        try await withTemporaryFolder { folder async throws in
            let large = [UInt8](repeating: 7, count: 700_000)
            let target = try TarTarget("\(folder)/a.tar")
            try await target.add("contents/00/aa", large)
            try await target.add("empty", [])
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/a.tar"))
            try await target.finish(index: "backup.json", [1, 2])
            let source = try TarSource("\(folder)/a.tar")
            #expect(source.entries == ["contents/00/aa": 700_000, "empty": 0, "backup.json": 2])
            #expect(try source.read("contents/00/aa", limit: 1 << 20) == large)
            #expect(try source.read("empty", limit: 0).isEmpty)
            await expectCode(.backupDamaged) { _ = try source.read("nothing", limit: 1) }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.tar"])
            await expectCode(.restoreTargetTaken) { _ = try TarTarget("\(folder)/a.tar") }
        }
    }

    @Test func whatDoesNotArriveAsAnnouncedIsNotKept() async throws {
        try await withTemporaryFolder { folder async throws in
            let digest = Digest(of: [1, 2, 3])
            let folderTarget = try FolderTarget("\(folder)/f")
            for (name, bytes) in [("longer", [1, 2, 3, 4]), ("shorter", [1, 2]), ("other", [1, 2, 4])]
                as [(String, [UInt8])]
            {
                await expectCode(.backupDamaged) {
                    try await folderTarget.add(name, digest, byteCount: 3) { try $0(bytes) }
                }
                await expectCode(.backupDamaged) {
                    let target = try TarTarget("\(folder)/\(name).tar")
                    try await target.add(name, digest, byteCount: 3) { try $0(bytes) }
                }
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/f").isEmpty)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["f"])
        }
    }

    @Test func anArchiveThatIsCutOffAnywhereIsRefused() async throws {
        try await withTemporaryFolder { folder async throws in
            let target = try TarTarget("\(folder)/a.tar")
            try await target.add("one", [UInt8](repeating: 1, count: 600))
            try await target.finish(index: "backup.json", [1, 2, 3])
            let whole = try Data(contentsOf: URL(filePath: "\(folder)/a.tar"))
            for length in stride(from: 0, to: whole.count - 1024, by: 97) {
                try whole.prefix(length).write(to: URL(filePath: "\(folder)/cut.tar"))
                await expectCode(.backupDamaged) { _ = try TarSource("\(folder)/cut.tar") }
            }
        }
    }

    @Test(arguments: [
        "../evil", "/etc/passwd", "a/../../b", "a//b", "a/./b", "..", "a\\b", "a b", "ä", "./", "contents/",
    ])
    func namesThatLeadOutAreRefused(_ name: String) async throws {
        try await withTemporaryFolder { folder async throws in
            let bytes = TarHeader(path: name, byteCount: 0).block + TarHeader.end
            try Data(bytes).write(to: URL(filePath: "\(folder)/a.tar"))
            guard name != "contents/" else { return }
            await expectCode(.backupDamaged) { _ = try TarSource("\(folder)/a.tar") }
        }
    }

    /// Links, devices, pipes, sparse files, and names that come twice.
    @Test func nothingButPlainFilesIsTaken() async throws {
        try await withTemporaryFolder { folder async throws in
            for type in "123467SDLKMNV".utf8 where type != UInt8(ascii: "7") {
                var block = TarHeader(path: "a", byteCount: 0).block
                block[156] = type
                let sum = block.reduce(0) { $0 + Int($1) } - block[148..<156].reduce(0) { $0 + Int($1) } + 8 * 0x20
                let digits = String(sum, radix: 8)
                let padded = String(repeating: "0", count: 6 - digits.count) + digits
                block.replaceSubrange(148..<156, with: Array("\(padded)\0 ".utf8))
                try Data(block + TarHeader.end).write(to: URL(filePath: "\(folder)/a.tar"))
                await expectCode(.backupDamaged) { _ = try TarSource("\(folder)/a.tar") }
            }
            let twice = TarHeader(path: "a", byteCount: 0).block
            try Data(twice + twice + TarHeader.end).write(to: URL(filePath: "\(folder)/a.tar"))
            await expectCode(.backupDamaged) { _ = try TarSource("\(folder)/a.tar") }
            // More than there is: nothing is made of it.
            try Data(TarHeader(path: "a", byteCount: 1 << 45).block + TarHeader.end)
                .write(to: URL(filePath: "\(folder)/a.tar"))
            await expectCode(.backupDamaged) { _ = try TarSource("\(folder)/a.tar") }
        }
    }

    @Test func aFolderWithSomethingElseIsNoTarget() async throws {
        try await withTemporaryFolder { folder async throws in
            try Data([1]).write(to: URL(filePath: "\(folder)/thesis.tex"))
            await expectCode(.restoreTargetTaken) { _ = try FolderTarget(folder) }
        }
    }

    /// Whoever can write into a backup's folder must not have us read elsewhere.
    @Test func noLinkOfAFolderIsFollowed() async throws {
        try await withTemporaryFolder { folder async throws in
            try FileManager.default.createDirectory(atPath: "\(folder)/f", withIntermediateDirectories: false)
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/f/backup.json", withDestinationPath: "/etc/passwd")
            #expect(try FolderSource("\(folder)/f").entries.isEmpty)
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/g.tar", withDestinationPath: "\(folder)/f")
            await expectCode(.notWritable) { _ = try TarSource("\(folder)/g.tar") }
        }
    }

    @Test func aPassingFileHasNoName() async throws {
        try await withTemporaryFolder { folder async throws in
            let file = try PassingFile(in: folder)
            try file.write([1, 2])
            try file.restart()
            try file.write([3])
            try file.write([4])
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
            for _ in 0..<2 {
                let next = file.pieces()
                #expect(try await next() == [3, 4])
                #expect(try await next() == nil)
            }
        }
    }
}
