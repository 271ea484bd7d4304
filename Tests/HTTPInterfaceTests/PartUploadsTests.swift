// SPDX-License-Identifier: Apache-2.0
import ExperimentTracking
import MLflowInterface
import ModelDomain
import ModelExecution
import Synchronization
import Testing

/// Uploads in parts, between their beginning and their end.
struct PartUploadsTests {
    private let subject: PartUploads.Subject

    init() throws {
        subject = PartUploads.Subject(path: try ArtifactPath("0/run/artifacts/file"), project: .standard)
    }

    /// Who never ends an upload keeps nothing of it here.
    @Test func whatNobodyEndsIsEnded() async throws {
        // Long enough for the part to come in time on a machine that is busy with other tests.
        let uploads = PartUploads(lifetime: .seconds(20))
        let blobs = MemoryBlobs()
        let ticket = try await uploads.begin(subject, count: 2)
        weak var part: AnyObject?
        do {
            let staged = try await blobs.stage(chunks([1, 2]))
            part = staged
            try await uploads.take(staged, number: 1, ticket)
        }
        #expect(part != nil)
        for _ in 0..<6000 where await uploads.count > 0 { try await Task.sleep(for: .milliseconds(20)) }
        #expect(await uploads.count == 0)
        #expect(part == nil)
        await #expect(throws: Refusal.self) { try await uploads.check(ticket, number: 2) }
    }

    @Test func thereAreOnlySoMany() async throws {
        let uploads = PartUploads()
        var tickets: [PartUploads.Ticket] = []
        for _ in 0..<PartUploads.mostUploads { tickets.append(try await uploads.begin(subject, count: 1)) }
        await #expect(throws: Refusal.self) { try await uploads.begin(subject, count: 1) }
        // Completed ones are only remembered, and make room.
        let part = try await MemoryBlobs().stage(chunks([7]))
        try await uploads.take(part, number: 1, tickets[0])
        _ = try await uploads.join(tickets[0].upload, subject, named: [(1, part.digest.hex)])
        await #expect(throws: Refusal.self) { try await uploads.begin(subject, count: 1) }
        await uploads.end(tickets[0].upload, completed: true)
        _ = try await uploads.begin(subject, count: 1)
        #expect(await uploads.count == PartUploads.mostUploads)
    }

    /// What went wrong while the parts were joined may be tried again: they are still there.
    @Test func aFailedEndIsNoEnd() async throws {
        let uploads = PartUploads()
        let ticket = try await uploads.begin(subject, count: 1)
        let part = try await MemoryBlobs().stage(chunks([7]))
        try await uploads.take(part, number: 1, ticket)
        let named = [(number: 1, digest: part.digest.hex)]
        #expect(try await uploads.join(ticket.upload, subject, named: named)?.count == 1)
        await #expect(throws: Refusal.self) { try await uploads.abort(ticket.upload, subject) }
        await uploads.end(ticket.upload, completed: false)
        #expect(try await uploads.join(ticket.upload, subject, named: named)?.count == 1)
        await uploads.end(ticket.upload, completed: true)
        #expect(try await uploads.join(ticket.upload, subject, named: named) == nil)
    }
}

private func chunks(_ bytes: [UInt8]) -> AsyncThrowingStream<[UInt8], any Error> {
    AsyncThrowingStream { continuation in
        continuation.yield(bytes)
        continuation.finish()
    }
}
