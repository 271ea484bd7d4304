// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain
import ModelPackaging
import ProjectFiles
import TestSupport
import Testing

struct ConfinedFolderTests {
    private func code(_ body: () throws -> Void) -> ErrorCode? {
        do {
            try body()
            return nil
        } catch {
            return (error as? any ExplainedError)?.explanation.code
        }
    }

    @Test func nothingOutsideIsReached() async throws {
        try await withTemporaryFolder { base in
            let inside = base + "/inside"
            try FileManager.default.createDirectory(atPath: inside + "/sub", withIntermediateDirectories: true)
            try writeText("secret", to: base + "/secret")
            try writeText("mine", to: inside + "/sub/mine")
            try FileManager.default.createSymbolicLink(atPath: inside + "/link", withDestinationPath: base + "/secret")
            try FileManager.default.createSymbolicLink(atPath: inside + "/up", withDestinationPath: base)
            let isMade = unsafe mkfifo(inside + "/pipe", 0o600) == 0
            #expect(isMade)
            let folder = try ConfinedFolder(at: inside)

            #expect(try folder.read("sub/mine", limit: 10) == Array("mine".utf8))
            for path in ["../secret", base + "/secret", "sub/../../secret", "", ".", "sub//mine", "a\0b"] {
                #expect(code { _ = try folder.read(path, limit: 10) } == .pathOutside, "\(path)")
            }
            for path in ["link", "up/secret"] {
                #expect(code { _ = try folder.read(path, limit: 10) } == .pathOutside, "\(path)")
                #expect(code { _ = try folder.modelFile(path) } == .pathOutside, "\(path)")
            }
            // A pipe has no end to wait for, a folder no contents.
            #expect(code { _ = try folder.read("pipe", limit: 10) } == .fileMissing)
            #expect(code { _ = try folder.read("sub", limit: 10) } == .fileMissing)
            #expect(code { _ = try folder.read("sub/mine", limit: 3) } == .limitExceeded)
            #expect(try !folder.contains("nowhere"))
        }
    }

    /// A file that the command line names may lie anywhere; one that the project file names may not.
    @Test func onlyGrantedFilesMayLieElsewhere() async throws {
        try await withTemporaryFolder { base in
            let inside = base + "/inside"
            try FileManager.default.createDirectory(atPath: inside, withIntermediateDirectories: true)
            try writeText("rows", to: base + "/rows.csv")
            let folder = try ConfinedFolder(at: inside, granting: [base + "/rows.csv"])
            #expect(try folder.read(base + "/rows.csv", limit: 10) == Array("rows".utf8))
            #expect(try folder.describe(base + "/rows.csv").path == "rows.csv")
            #expect(code { _ = try folder.read(base + "/other.csv", limit: 10) } == .pathOutside)
        }
    }

    @Test func aFileIsCreatedOnce() async throws {
        try await withTemporaryFolder { base in
            let folder = try ConfinedFolder(at: base)
            try folder.create("slipway.yaml", Array("a".utf8))
            #expect(code { try folder.create("slipway.yaml", Array("b".utf8)) } == .projectExists)
            #expect(try folder.read("slipway.yaml", limit: 10) == Array("a".utf8))
            #expect(try FileManager.default.contentsOfDirectory(atPath: base) == ["slipway.yaml"])
        }
    }
}
