// SPDX-License-Identifier: Apache-2.0
import DataVersions
import ExperimentTracking
import ModelDomain
import ModelExecution
import ModelRegistry

/// No tracking at all, where a test is about something else.
struct AbsentTracking: TrackingStore {
    func read<Result: Sendable>(_: @escaping @Sendable (any TrackingReading) throws -> Result) async throws -> Result {
        throw absent
    }

    func write<Result: Sendable>(_: @escaping @Sendable (any TrackingWriting) throws -> Result) async throws -> Result {
        throw absent
    }
}

struct AbsentRegistrations: RegistrationStore {
    func read<Result: Sendable>(
        _: @escaping @Sendable (any RegistrationReading) throws -> Result
    ) async throws -> Result { throw absent }

    func write<Result: Sendable>(
        _: @escaping @Sendable (any RegistrationWriting) throws -> Result
    ) async throws -> Result { throw absent }
}

struct AbsentDatasets: DatasetStore {
    func read<Result: Sendable>(_: @escaping @Sendable (any DatasetReading) throws -> Result) async throws -> Result {
        throw absent
    }

    func write<Result: Sendable>(_: @escaping @Sendable (any DatasetWriting) throws -> Result) async throws -> Result {
        throw absent
    }
}

struct AbsentParts: PartShelf {
    func begin(_: String, _: [UInt8], lifetime: Duration, limit: Int) async throws -> Bool { throw absent }
    func upload(_: String) async throws -> ShelvedUpload? { throw absent }
    func add(
        _: Int, to _: String, in _: PartRoom, _: some AsyncSequence<[UInt8], any Error> & Sendable
    ) async throws -> PartOutcome { throw absent }
    func claim(_: String) async throws -> (any PartClaim)? { throw absent }
    func abort(_: String) async throws -> Bool { throw absent }
    func forgetEnded() async throws -> Duration? { throw absent }
}

private let absent = Refusal(.storeUnavailable, .unavailable, "There is no such store in this test.")
