// SPDX-License-Identifier: Apache-2.0
import BlobFiles
import ExperimentTracking
import Foundation
import MLflowInterface
import ModelDomain
import ModelExecution
import TestSupport
import Testing

/// Uploads in parts, between their beginning and their end, at two servers on one folder.
struct PartUploadsTests {
    private let subject: UploadSubject

    init() throws {
        subject = UploadSubject(path: try ArtifactPath("0/run/artifacts/file"), project: .standard)
    }

    @Test func eachRequestMayReachAnotherServer() async throws {
        try await withTwo { one, other, _ async throws in
            let ticket = try await one.begin(subject, count: 3)
            var named: [(number: Int, digest: String)] = []
            for number in [2, 1, 3] {
                let digest = try await (number == 1 ? one : other)
                    .take(number, of: ticket, chunks([UInt8(number), 9]))
                named.append((number, digest.hex))
            }
            let (claim, parts) = try #require(try await other.join(ticket.upload, subject, named: named))
            await expectRefusal(.conflict) { try await one.check(ticket, number: 1) }
            await expectRefusal(.conflict) { _ = try await one.join(ticket.upload, subject, named: named) }
            await expectRefusal(.conflict) { try await one.abort(ticket.upload, subject) }
            var bytes: [UInt8] = []
            for try await piece in parts { bytes += piece }
            #expect(bytes == [1, 9, 2, 9, 3, 9])
            try await claim.complete()
            // The client may not have heard it.
            #expect(try await one.join(ticket.upload, subject, named: named) == nil)
            await expectRefusal(.conflict) { _ = try await one.take(1, of: ticket, chunks([1])) }
        }
    }

    @Test func anUploadGoesOnAfterAStart() async throws {
        try await withTemporaryFolder { folder async throws in
            let begin = { PartUploads(shelf: try BlobFiles(folder: "\(folder)/contents")) }
            let ticket = try await begin().begin(subject, count: 2)
            let first = try await begin().take(1, of: ticket, chunks([1]))
            let second = try await begin().take(2, of: ticket, chunks([2]))
            let named = [(number: 1, digest: first.hex), (number: 2, digest: "\"\(second.hex)\"")]
            #expect(try await begin().join(ticket.upload, subject, named: named) != nil)
        }
    }

    /// Who never ends an upload keeps nothing of it here.
    @Test func whatNobodyEndsIsEnded() async throws {
        try await withTwo(lifetime: .milliseconds(300)) { one, other, folder async throws in
            let ticket = try await one.begin(subject, count: 2)
            let uploads = "\(folder)/uploads"
            for _ in 0..<6000 where try !FileManager.default.contentsOfDirectory(atPath: uploads).isEmpty {
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: uploads).isEmpty)
            await expectRefusal(.notFound) { try await other.check(ticket, number: 2) }
        }
    }

    @Test func thereAreOnlySoMany() async throws {
        try await withTwo(limit: 2) { one, other, _ async throws in
            let ticket = try await one.begin(subject, count: 1)
            _ = try await other.begin(subject, count: 1)
            await expectRefusal(.invalidInput) { _ = try await one.begin(subject, count: 1) }
            // Completed ones are only remembered, and make room.
            let digest = try await one.take(1, of: ticket, chunks([7]))
            let joining = try #require(try await one.join(ticket.upload, subject, named: [(1, digest.hex)]))
            await expectRefusal(.invalidInput) { _ = try await other.begin(subject, count: 1) }
            try await joining.claim.complete()
            _ = try await other.begin(subject, count: 1)
        }
        for count in [0, -1, PartUploads.mostParts + 1] {
            try await withTwo { one, _, _ async throws in
                await expectRefusal(.invalidInput) { _ = try await one.begin(subject, count: count) }
            }
        }
    }

    /// What went wrong while the parts were joined may be tried again: they are still there.
    @Test func aFailedEndIsNoEnd() async throws {
        try await withTwo { one, other, _ async throws in
            let ticket = try await one.begin(subject, count: 1)
            let digest = try await one.take(1, of: ticket, chunks([7]))
            let named = [(number: 1, digest: digest.hex)]
            #expect(try await one.join(ticket.upload, subject, named: named) != nil)
            #expect(try await other.join(ticket.upload, subject, named: named) != nil)
        }
    }

    @Test func onlyWhoKnowsTheSecretOrTheNamesGoesOn() async throws {
        try await withTwo { one, other, _ async throws in
            let ticket = try await one.begin(subject, count: 1)
            let wrong = PartUploads.Ticket(upload: ticket.upload, secret: ticket.secret + "0")
            await expectRefusal(.notFound) { _ = try await other.take(1, of: wrong, chunks([7])) }
            let digest = try await other.take(1, of: ticket, chunks([7]))
            let elsewhere = UploadSubject(path: try ArtifactPath("0/run/artifacts/other"), project: .standard)
            await expectRefusal(.notFound) {
                _ = try await one.join(ticket.upload, elsewhere, named: [(1, digest.hex)])
            }
            try await one.abort(ticket.upload, elsewhere)
            try await other.check(ticket, number: 1)
            try await one.abort(ticket.upload, subject)
            await expectRefusal(.notFound) { try await other.check(ticket, number: 1) }
        }
    }

    private func withTwo(
        lifetime: Duration = .seconds(86_400), limit: Int = PartUploads.mostUploads,
        _ body: (PartUploads, PartUploads, String) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { parent async throws in
            let folder = "\(parent)/contents"
            let uploads = try (0..<2).map { _ in
                PartUploads(shelf: try BlobFiles(folder: folder), lifetime: lifetime, limit: limit)
            }
            try await body(uploads[0], uploads[1], folder)
        }
    }

    private func expectRefusal(_ kind: Explanation.Kind, _ body: () async throws -> Void) async {
        let refusal = await #expect(throws: Refusal.self) { try await body() }
        #expect(refusal?.explanation.kind == kind)
    }
}

private func chunks(_ bytes: [UInt8]) -> AsyncThrowingStream<[UInt8], any Error> {
    AsyncThrowingStream { continuation in
        continuation.yield(bytes)
        continuation.finish()
    }
}
