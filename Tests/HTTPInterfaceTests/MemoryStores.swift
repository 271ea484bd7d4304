// SPDX-License-Identifier: Apache-2.0
import AccessControl
import ModelDomain
import ModelExecution
import ModelRegistry
import Synchronization

/// Credentials, contents and the registry in memory: what the routes need behind them.
final class MemoryCredentials: CredentialStore {
    private let kept = Mutex<[Credential]>([])

    func credentials() -> [Credential] { kept.withLock(\.self) }

    func write<Result: Sendable>(_ body: @escaping @Sendable (any CredentialWriting) throws -> Result) throws -> Result
    {
        try kept.withLock { kept in
            let transaction = MemoryCredentialTransaction(kept)
            let result = try body(transaction)
            kept = transaction.kept
            return result
        }
    }
}

private final class MemoryCredentialTransaction: CredentialWriting {
    var kept: [Credential]
    private var head: LedgerEntry?

    init(_ kept: [Credential]) { self.kept = kept }

    func credentials() -> [Credential] { kept }
    func insert(_ credential: Credential) { kept.append(credential) }
    func remove(_ tokenDigest: Digest) { kept.removeAll { $0.tokenDigest == tokenDigest } }
    func setExpiry(_ time: Timestamp, of tokenDigest: Digest) {
        kept = kept.map { old in
            guard old.tokenDigest == tokenDigest else { return old }
            return Credential(
                tokenDigest: old.tokenDigest, principal: old.principal, roles: old.roles, scope: old.scope,
                note: old.note, createdAt: old.createdAt, createdBy: old.createdBy, expiresAt: time)
        }
    }
    func ledgerHead() -> LedgerEntry? { head }
    func append(_ entry: LedgerEntry) { head = entry }
}

final class MemoryBlobs: BlobStore {
    private let kept = Mutex<[Digest: [UInt8]]>([:])
    private let largest = Mutex(0)

    /// The largest piece that an upload came in.
    var largestPiece: Int { largest.withLock(\.self) }

    func put(_ digest: Digest, _ chunks: some AsyncSequence<[UInt8], any Error> & Sendable) async throws {
        var bytes: [UInt8] = []
        for try await chunk in chunks {
            largest.withLock { $0 = max($0, chunk.count) }
            bytes += chunk
        }
        guard Digest(of: bytes) == digest else {
            throw Refusal(.contentDiffers, .invalidInput, "The content has another digest.")
        }
        kept.withLock { $0[digest] = bytes }
    }

    func keep(
        _ chunks: some AsyncSequence<[UInt8], any Error> & Sendable
    ) async throws -> (digest: Digest, byteCount: Int) {
        var bytes: [UInt8] = []
        for try await chunk in chunks { bytes += chunk }
        let digest = Digest(of: bytes)
        kept.withLock { $0[digest] = bytes }
        return (digest, bytes.count)
    }

    func byteCount(of digest: Digest) -> Int? { kept.withLock { $0[digest]?.count } }

    func contains(_ digest: Digest) -> Bool { kept.withLock { $0[digest] != nil } }

    func read(_ digest: Digest, limit: Int) throws -> [UInt8] {
        guard let bytes = kept.withLock({ $0[digest] }) else {
            throw Refusal(.contentMissing, .notFound, "The content is not here.")
        }
        return bytes
    }

    func pieces(of digest: Digest) throws -> @Sendable () async throws -> [UInt8]? {
        let rest = Mutex([try read(digest, limit: .max)])
        return { rest.withLock { $0.popLast() } }
    }

    func materialize(_ files: [BundleFile], as bundle: Digest) -> String { "/bundles/\(bundle.hex)" }
}

struct RegistryContents: Sendable {
    struct Endpoint: Sendable {
        var deployments: [Deployment]
        var settings = EndpointSettings.standard
    }

    var versions: [ModelReference: [ModelVersion]] = [:]
    var aliases: [ModelReference: [AliasName: Int]] = [:]
    var endpoints: [EndpointName: Endpoint] = [:]
    var projects: Set<ProjectName> = [.standard]
    var ledger: [LedgerEntry] = []
}

final class MemoryRegistry: RegistryStore {
    private let contents = Mutex(RegistryContents())

    func read<Result: Sendable>(_ body: @escaping @Sendable (any RegistryReading) throws -> Result) throws -> Result {
        try body(MemoryTransaction(contents.withLock(\.self)))
    }

    func write<Result: Sendable>(_ body: @escaping @Sendable (any RegistryWriting) throws -> Result) throws -> Result {
        try contents.withLock { contents in
            let transaction = MemoryTransaction(contents)
            let result = try body(transaction)
            contents = transaction.contents
            return result
        }
    }
}

private final class MemoryTransaction: RegistryWriting {
    var contents: RegistryContents

    init(_ contents: RegistryContents) { self.contents = contents }

    func projects() -> [ProjectRecord] {
        contents.projects.sorted().map { name in
            ProjectRecord(
                name: name, createdAt: Timestamp(microseconds: 0),
                modelCount: contents.versions.keys.count { $0.project == name }, endpointCount: 0, tokenCount: 0)
        }
    }
    func hasProject(_ name: ProjectName) -> Bool { contents.projects.contains(name) }
    func models() -> [ModelReference] { contents.versions.keys.sorted { $0.name < $1.name } }
    func lastNumber(of model: ModelReference) -> Int { contents.versions[model]?.map(\.number).max() ?? 0 }
    func versions(of model: ModelReference) -> [ModelVersion] { (contents.versions[model] ?? []).reversed() }
    func version(_ number: Int, of model: ModelReference) -> ModelVersion? {
        contents.versions[model]?.first { $0.number == number }
    }
    func aliases(of model: ModelReference) -> [AliasName: Int] { contents.aliases[model] ?? [:] }
    func endpoints() -> [EndpointRecord] { contents.endpoints.keys.sorted().compactMap { endpoint($0, in: .standard) } }
    func endpoint(_ name: EndpointName, in project: ProjectName) -> EndpointRecord? {
        guard let known = contents.endpoints[name], let first = known.deployments.first,
            let last = known.deployments.last
        else { return nil }
        return EndpointRecord(
            project: project, name: name, createdAt: first.createdAt, current: last, settings: known.settings)
    }
    func deployments(of name: EndpointName, in project: ProjectName) -> [Deployment] {
        (contents.endpoints[name]?.deployments ?? []).reversed()
    }
    func ledger(from sequence: Int, limit: Int) -> [LedgerEntry] {
        Array(contents.ledger.dropFirst(sequence).prefix(limit))
    }
    func ledgerRows(after sequence: Int?, limit: Int) -> [LedgerRow] {
        contents.ledger.dropFirst((sequence ?? -1) + 1).prefix(limit).map(LedgerRow.init)
    }
    func newestEntry(of object: String, actions: [String], until time: Timestamp) -> LedgerEntry? {
        contents.ledger.last { $0.change.object == object && actions.contains($0.change.action) && $0.time <= time }
    }
    func ledgerHead() -> LedgerEntry? { contents.ledger.last }

    func insertProject(_ name: ProjectName, at time: Timestamp) { contents.projects.insert(name) }
    func removeProject(_ name: ProjectName) { contents.projects.remove(name) }
    func insert(_ version: ModelVersion) {
        contents.projects.insert(version.model.project)
        contents.versions[version.model, default: []].append(version)
    }
    func setStatus(_ status: ModelVersion.Status, of version: Int, model: ModelReference) {}
    func setAlias(_ alias: AliasName, of model: ModelReference, to version: Int?) {
        contents.aliases[model, default: [:]][alias] = version
    }
    func insert(_ deployment: Deployment, to name: EndpointName, in project: ProjectName) {
        contents.endpoints[name, default: .init(deployments: [])].deployments.append(deployment)
    }
    func setSettings(_ settings: EndpointSettings, of name: EndpointName, in project: ProjectName) {
        contents.endpoints[name]?.settings = settings
    }
    func removeEndpoint(_ name: EndpointName, in project: ProjectName) { contents.endpoints[name] = nil }
    func append(_ entry: LedgerEntry) { contents.ledger.append(entry) }
}
