// SPDX-License-Identifier: Apache-2.0
import BlobFiles
import Foundation
import ModelDomain
import TestSupport
import Testing

@testable import ContentRetention

struct ContentMarkingTests {
    /// The record of a data version names a piece in about 150 bytes: one of 20 GB has as many as this.
    @Test func aDocumentOfAnySizeIsSearchedToItsEnd() async throws {
        try await withPlatform { platform, _ async throws in
            let named = (0..<500).map { Digest(of: [UInt8($0 % 256), UInt8($0 / 256)]) }
            let text = named.map(\.hex).joined(separator: String(repeating: " ", count: 34_000))
            let document = try await platform.put(text + " \(named[0].hex)0 \(named[1].hex.dropLast())")
            let marking = try await ContentMarking(
                from: [ContentReference(document, .document, holder: "data version 1")], in: platform.blobs)
            #expect(text.utf8.count > 16 << 20)
            #expect(marking.problems.isEmpty)
            #expect(marking.marked == Set(named).union([document]))
        }
    }

    @Test func aDamagedDocumentIsAProblemAndMendedByPuttingItAgain() async throws {
        try await withPlatform { platform, folder async throws in
            let document = try await platform.put("{\"a\":1}")
            let path = "\(folder)/contents/blobs/\(document.hex.prefix(2))/\(document.hex)"
            try Data("{\"a\":2}".utf8).write(to: URL(filePath: path))
            let reference = ContentReference(document, .document, holder: "churn version 3")
            let marking = try await ContentMarking(from: [reference], in: platform.blobs)
            #expect(marking.problems.map(\.holder) == ["churn version 3"])
            // Otherwise nobody would send it again.
            #expect(try await !platform.blobs.contains(document))
            _ = try await platform.put("{\"a\":1}")
            #expect(try await ContentMarking(from: [reference], in: platform.blobs).problems.isEmpty)
        }
    }

    /// Whatever the pieces are that it comes in.
    @Test(arguments: [0, 1, 62, 63, 64, 65, 66, 127, 128, 129, 200])
    func onlyRunsOfJustAsManyDigitsAreDigests(_ count: Int) {
        let digits = [UInt8](String(repeating: "0123456789abcdef", count: 13).utf8.prefix(count))
        let expected = count == 64 ? 1 : 0
        for before in [0, 1, 2, 63, 64, 70] {
            let bytes = [UInt8](repeating: UInt8(ascii: "G"), count: before) + digits + Array(".".utf8) + digits
            #expect(digests(in: bytes).count == expected)
            for size in [1, 2, 31, 63, 64, 65, 100] {
                var search = DigestSearch()
                for start in stride(from: 0, to: bytes.count, by: size) {
                    search.read(Array(bytes[start..<min(start + size, bytes.count)]))
                    search.read([])
                }
                #expect(search.finish().count == expected, "\(count) digits after \(before), \(size) at a time")
            }
        }
    }

    private func withPlatform(_ body: (KeptPlatform, String) async throws -> Void) async throws {
        try await withTemporaryFolder { folder async throws in try await body(KeptPlatform(in: folder), folder) }
    }
}
