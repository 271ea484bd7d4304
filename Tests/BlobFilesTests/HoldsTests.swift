// SPDX-License-Identifier: Apache-2.0
import BlobFiles
import Foundation
import ModelDomain
import PortContracts
import TestSupport
import Testing

/// What is held, as files that processes leave each other.
struct HoldsTests {
    private let early = Timestamp(microseconds: 1_700_000_000_000_000)
    private let late = Timestamp(microseconds: 1_700_000_000_000_009)

    @Test func keepsTheContract() async throws {
        try await withTemporaryFolder { parent async throws in
            try await ContentHoldsContract {
                let folder = "\(parent)/\(UUID().uuidString)"
                return (try BlobFiles(folder: folder), try BlobFiles(folder: folder))
            }.run()
        }
    }

    @Test func whatIsHeldOutlivesWhoeverHoldsIt() async throws {
        try await withTemporaryFolder { parent async throws in
            let content = Digest(of: [1])
            try await BlobFiles(folder: "\(parent)/contents").hold([content], as: "a", until: late)
            #expect(try await BlobFiles(folder: "\(parent)/contents").held(at: early) == [content])
        }
    }

    /// It might hold anything: nothing is cleared away then.
    @Test(
        arguments: [
            { Data($0.dropLast()) }, { Data($0.dropLast(70)) }, { _ in Data() }, { $0 + Data([0x0A]) }, { $0 + $0 },
            { Data($0.map { $0 == UInt8(ascii: "1") ? UInt8(ascii: "2") : $0 }) },
            { Data($0.map { $0 == UInt8(ascii: "b") ? UInt8(ascii: "c") : $0 }) },
        ] as [@Sendable (Data) -> Data])
    func aDamagedHoldIsNotTakenForNone(_ damage: @Sendable (Data) -> Data) async throws {
        try await withTemporaryFolder { parent async throws in
            let store = try BlobFiles(folder: "\(parent)/contents")
            try await store.hold([Digest(of: [1]), Digest(of: [2])], as: "a", until: late)
            let name = try #require(
                try FileManager.default.contentsOfDirectory(atPath: "\(parent)/contents/held").first)
            let url = URL(filePath: "\(parent)/contents/held/\(name)")
            try damage(Data(contentsOf: url)).write(to: url)
            await expectCode(.sweepStopped) { _ = try await store.held(at: early) }
            await expectCode(.sweepStopped) { _ = try await store.contents(heldAs: "a", at: early) }
            // Whoever holds it anew mends it.
            try await store.hold([Digest(of: [1])], as: "a", until: late)
            #expect(try await store.held(at: early) == [Digest(of: [1])])
        }
    }

    /// One looks and finds that it has ended, while another takes it anew.
    @Test func whatIsHeldAnewIsNotForgottenWithWhatHasEnded() async throws {
        try await withTemporaryFolder { parent async throws in
            let stores = try (0..<2).map { _ in try BlobFiles(folder: "\(parent)/contents") }
            let content = Digest(of: [1])
            for _ in 0..<200 {
                try await stores[0].hold([content], as: "a", until: early)
                async let seen = stores[1].held(at: early)
                async let taken: Void = stores[0].hold([content], as: "a", until: late)
                _ = try await (seen, taken)
                #expect(try await stores[1].held(at: early) == [content])
            }
        }
    }
}
