// SPDX-License-Identifier: Apache-2.0
import BlobFiles
import Foundation
import ModelDomain
import PortContracts
import TestSupport
import Testing

/// Whose contents a folder has.
struct PlatformTests {
    @Test func theFirstThatClaimsTheFolderHasIt() async throws {
        try await withTemporaryFolder { parent async throws in
            let folder = "\(parent)/contents"
            let stores = try (0..<8).map { _ in try BlobFiles(folder: folder) }
            let told = try await withThrowingTaskGroup { group in
                for (index, store) in stores.enumerated() {
                    group.addTask { try store.platform(claimedBy: "platform-\(index)") }
                }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(told.count == 1)
            #expect(try BlobFiles(folder: folder).platform(claimedBy: "late") == told.first)
            try Data().write(to: URL(filePath: "\(folder)/platform"))
            await expectCode(.notWritable) { _ = try stores[0].platform(claimedBy: "late") }
        }
    }
}
