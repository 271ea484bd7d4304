// SPDX-License-Identifier: Apache-2.0
internal import Crypto
internal import Foundation
internal import ModelDomain
internal import Synchronization

/// Keys of subjects for threads that may wait: the log's writer, and those that read it.
final class SubjectKeyring: Sendable {
    /// What is known of a key is asked again after so long: another server may have destroyed it. In microseconds.
    private static let memory: Int64 = 60_000_000
    private static let mostKnown = 100_000

    private struct Known {
        let key: SubjectKey
        let since: Int64
    }

    private struct Subject: Hashable {
        let project: ProjectName
        let hash: String
    }

    private let store: (any SubjectKeyStore)?
    private let secret: SymmetricKey
    private let known = Mutex<[Subject: Known]>([:])

    /// - Parameters:
    ///   - store: `nil` where there is none; then what subjects have is not kept.
    ///   - secret: Of the platform; at least 32 random bytes.
    init(_ store: (any SubjectKeyStore)?, secret: [UInt8]) {
        self.store = store
        self.secret = SymmetricKey(
            data: HMAC<SHA256>.authenticationCode(for: Data("subject".utf8), using: SymmetricKey(data: secret)))
    }

    /// What a subject is called where its key is: nobody can tell from it who it is, or try names, without the secret.
    func hash(_ subject: [UInt8]) -> String {
        hexadecimal(HMAC<SHA256>.authenticationCode(for: subject, using: secret))
    }

    /// Keys of subjects, made where there are none.
    ///
    /// - Returns: `nil` where no keys are kept at all.
    func keys(of hashes: Set<String>, in project: ProjectName, at now: Int64) throws -> [String: SubjectKey]? {
        guard let store else { return nil }
        var keys: [String: SubjectKey] = [:]
        known.withLock { known in
            for hash in hashes {
                guard let entry = known[Subject(project: project, hash: hash)],
                    abs(now - entry.since) < Self.memory
                else { continue }
                keys[hash] = entry.key
            }
        }
        let missing = hashes.subtracting(keys.keys)
        guard !missing.isEmpty else { return keys }
        let made = try waiting { try await store.keys(of: missing, in: project) }
        known.withLock { known in
            if known.count + made.count > Self.mostKnown { known.removeAll() }
            for (hash, key) in made { known[Subject(project: project, hash: hash)] = Known(key: key, since: now) }
        }
        return keys.merging(made) { first, _ in first }
    }

    /// Those of the keys that are not destroyed.
    func keys(of references: Set<SubjectReference>) throws -> [SubjectReference: SymmetricKey] {
        guard let store, !references.isEmpty else { return [:] }
        return try waiting { try await store.secrets(of: references) }.mapValues { SymmetricKey(data: $0) }
    }

    func reference(of subject: [UInt8], in project: ProjectName) async throws -> SubjectReference? {
        try await store?.key(of: hash(subject), in: project)?.reference
    }

    func destroy(_ subject: [UInt8], in project: ProjectName) async throws -> SubjectReference? {
        let hash = hash(subject)
        let reference = try await store?.destroy(hash, in: project)
        known.withLock { $0[Subject(project: project, hash: hash)] = nil }
        return reference
    }
}

/// Has a thread that may wait do so.
private func waiting<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) throws -> Value {
    let result = Mutex<Result<Value, any Error>?>(nil)
    let done = DispatchSemaphore(value: 0)
    Task {
        let value: Result<Value, any Error>
        do { value = .success(try await body()) } catch { value = .failure(error) }
        result.withLock { $0 = value }
        done.signal()
    }
    done.wait()
    guard let value = result.withLock(\.self) else { preconditionFailure("it has ended") }
    return try value.get()
}

/// The keys of those whom the records of one block are about, asked for together with the first of them.
final class BlockKeys {
    private let records: [ArraySlice<UInt8>]
    private let keyring: SubjectKeyring
    private var keys: [SubjectReference: SymmetricKey]?
    /// Why they could not be asked for.
    private(set) var problem: (any Error)?

    init(_ records: [ArraySlice<UInt8>], _ keyring: SubjectKeyring) {
        self.records = records
        self.keyring = keyring
    }

    /// - Returns: `nil` for a key that is destroyed.
    func key(_ reference: SubjectReference) -> SymmetricKey? {
        if let keys { return keys[reference] }
        do {
            let asked = try keyring.keys(of: Set(records.flatMap(RecordSealing.references)))
            keys = asked
            return asked[reference]
        } catch {
            problem = error
            return nil
        }
    }
}
