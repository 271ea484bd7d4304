// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain
import PortContracts
import TestSupport
import Testing

@testable import BlobFiles

struct FileSystemTests {
    /// `/dev/full` answers every write as a full disk does.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"))) func aFullDiskIsExplained() async throws {
        let file = try OpenFile(existing: "/dev/full", flags: 1)
        await expectCode(.diskFull) { try file.write([1]) }
    }

    @Test func whatFailsNamesThePathOnlyForTheLog() throws {
        let failure = try #require(throws: FileFailure.self) { try synchronizeFolder("/nowhere/secret") }
        #expect(failure.path == "/nowhere/secret")
        #expect(!failure.explanation.line.contains("secret"))
    }

    @Test func aNewFileNeverReplacesOne() async throws {
        try await withTemporaryFolder { folder async throws in
            try OpenFile(creating: "\(folder)/a").write([1])
            #expect(throws: FileFailure.self) { try OpenFile(creating: "\(folder)/a") }
            #expect(try OpenFile(reading: "\(folder)/a")?.read(upTo: 9) == [1])
            #expect(try OpenFile(reading: "\(folder)/b") == nil)
        }
    }
}
