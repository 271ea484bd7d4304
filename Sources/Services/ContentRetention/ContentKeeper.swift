// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import ModelExecution
package import ModelRegistry
package import PlatformReplicas

/// Clears away what nothing needs: finds what is needed first, and moves the rest to a trash from which it comes back.
///
/// A content goes only when no row names it, nothing that a row names names it, nobody holds it, and it was neither put nor
/// asked about for a day. What cannot be read stops everything, because it might have named more.
package struct ContentKeeper: Sendable {
    /// How long to wait for another server.
    private static let patience: Duration = .seconds(10)
    package typealias Shelf = ContentShelf & ContentHolds & BlobStore

    private let rows: any RetentionStore
    private let shelf: any Shelf
    private let registry: ModelRegistry
    private let replicas: Replicas
    package let policy: RetentionPolicy

    package init(
        rows: any RetentionStore, shelf: any Shelf, registry: ModelRegistry, replicas: Replicas,
        policy: RetentionPolicy
    ) {
        self.rows = rows
        self.shelf = shelf
        self.registry = registry
        self.replicas = replicas
        self.policy = policy
    }

    /// What ``sweep(by:)`` would do now.
    ///
    /// - Throws: `RET-001`, or `RPL-001` while another server clears away.
    package func plan() async throws -> Sweep {
        try await replicas.alone(.clearing, waiting: Self.patience) { try await look(by: nil).sweep }
    }

    /// Deletes rows that were deleted long enough ago, moves contents that nothing needs to the trash, and deletes for
    /// good what was there long enough.
    ///
    /// - Throws: `RET-001`, or `RPL-001` while another server clears away; then nothing was changed. `RPL-002` when another
    ///   server has taken over: what was not moved until then stays.
    package func sweep(by actor: String) async throws -> Sweep {
        try await replicas.alone(.clearing, waiting: Self.patience) {
            // Whether everything can be read is found out before a row goes.
            _ = try await look(by: nil)
            let found = try await look(by: actor)
            return try await apply(found, by: actor)
        }
    }

    private struct Findings {
        var sweep: Sweep
        let time: Timestamp
        let marking: ContentMarking
        /// With whether only rows named it that went.
        var goes: [(content: KeptContent, isOfDeleted: Bool)] = []
        var returns: [KeptContent] = []
        var ends: [KeptContent] = []
    }

    private func look(by actor: String?) async throws -> Findings {
        let time = registry.time
        let expiry = try await rows.expire(
            deletedBefore: time.before(policy.deleted), ledgerFrom: time.before(policy.ledger), by: actor, at: time)
        let marking = try await readable(expiry.references)
        let earlier = try await ContentMarking(
            from: Array(expiry.earlierReferences.subtracting(expiry.references)), in: shelf)
        let held = try await shelf.held(at: time)
        var found = Findings(sweep: Sweep(expiry), time: time, marking: marking)
        // Listed after it is known what is needed: what came since then is young.
        for content in try await shelf.contents() {
            if marking.marked.contains(content.digest) {
                found.sweep.needed.add(content)
            } else if held.contains(content.digest) {
                found.sweep.held.add(content)
            } else if content.time > time.before(policy.grace) {
                found.sweep.young.add(content)
            } else {
                let isOfDeleted = earlier.marked.contains(content.digest)
                found.goes.append((content, isOfDeleted))
                found.sweep.add(content, isOfDeleted: isOfDeleted)
            }
        }
        for content in try await shelf.trash() {
            if marking.marked.contains(content.digest) || held.contains(content.digest) {
                found.returns.append(content)
                found.sweep.broughtBack.add(content)
            } else if content.time < time.before(policy.trash) {
                found.ends.append(content)
                found.sweep.destroyed.add(content)
            }
        }
        return found
    }

    private func apply(_ found: Findings, by actor: String) async throws -> Sweep {
        var sweep = found.sweep
        sweep.isApplied = true
        for content in found.returns { _ = try await shelf.bringBack(content.digest) }
        if !found.goes.isEmpty || !found.ends.isEmpty {
            // Written before the first one moves: what a crash leaves undone is still there for the next time.
            let list = (found.goes.map { "trash \($0.content)" } + found.ends.map { "delete \($0)" }).sorted()
            let digest = try await keep(list.joined())
            sweep.list = digest
            try await registry.record(
                "platform.sweep", "platform",
                after: "\(found.goes.count) contents to the trash, \(found.ends.count) deleted, list \(digest)",
                by: actor)
        }
        (sweep.unnamed, sweep.ofDeleted) = (Sweep.Share(), Sweep.Share())
        for (content, isOfDeleted) in found.goes {
            try replicas.requireLeases()
            let isMoved = try await shelf.discard(
                content.digest, unusedSince: found.time.before(policy.grace), at: found.time)
            // Somebody has put it again, or asked about it, since it was listed.
            if isMoved { sweep.add(content, isOfDeleted: isOfDeleted) } else { sweep.young.add(content) }
        }
        for content in found.ends {
            try replicas.requireLeases()
            _ = try await shelf.destroy(content.digest, discardedBefore: found.time.before(policy.trash))
        }
        sweep.bundleFolders = try await shelf.removeBundleFolders(
            except: found.marking.bundles, unusedSince: found.time.before(policy.grace))
        return sweep
    }

    private func readable(_ references: Set<ContentReference>) async throws -> ContentMarking {
        let marking = try await ContentMarking(from: Array(references), in: shelf)
        guard let problem = marking.problems.first else { return marking }
        throw Refusal(
            .sweepStopped, .conflict,
            "Nothing was moved: \(problem.holder ?? "a row") needs \(problem.digest), which cannot be read.",
            hint: "Deploy the model again, bring the content back from a backup, or delete the version.",
            details: marking.problems.prefix(20).map { .init($0.holder ?? "a row", $0.reason) })
    }

    private func keep(_ text: String) async throws -> Digest {
        let bytes = Array(text.utf8)
        return try await shelf.keep(
            AsyncThrowingStream { continuation in
                continuation.yield(bytes)
                continuation.finish()
            }
        ).digest
    }
}

extension ContentKeeper {
    /// Newest first.
    package func trash() async throws -> [KeptContent] {
        try await shelf.trash().sorted { ($1.time, $0.digest) < ($0.time, $1.digest) }
    }

    /// - Throws: `REG-007` when it is not in the trash.
    package func bringBack(_ digest: Digest, by actor: String) async throws {
        guard try await shelf.bringBack(digest) else {
            throw Refusal(
                .contentMissing, .notFound, "The content \(digest.short) is not in the trash.",
                hint: "`slipway gc trash` lists what is.")
        }
        try await registry.record("platform.bring-back", "content/\(digest)", after: nil, by: actor)
    }

    /// Deletes for good what is in the trash, without waiting for its time; what is needed by now comes back.
    ///
    /// - Throws: `RET-001`, `RPL-001`, `RPL-002`.
    package func emptyTrash(by actor: String) async throws -> Sweep {
        try await replicas.alone(.clearing, waiting: Self.patience) {
            let time = registry.time
            let expiry = try await rows.expire(
                deletedBefore: Timestamp(microseconds: .min), ledgerFrom: time.before(policy.ledger), by: nil, at: time)
            var found = Findings(
                sweep: Sweep(expiry), time: time, marking: try await readable(expiry.references))
            let held = try await shelf.held(at: time)
            for content in try await shelf.trash() {
                if found.marking.marked.contains(content.digest) || held.contains(content.digest) {
                    found.returns.append(content)
                    found.sweep.broughtBack.add(content)
                } else {
                    found.ends.append(content)
                    found.sweep.destroyed.add(content)
                }
            }
            return try await end(found, by: actor)
        }
    }

    private func end(_ found: Findings, by actor: String) async throws -> Sweep {
        var sweep = found.sweep
        sweep.isApplied = true
        for content in found.returns { _ = try await shelf.bringBack(content.digest) }
        guard !found.ends.isEmpty else { return sweep }
        let digest = try await keep(found.ends.map { "delete \($0)" }.sorted().joined())
        sweep.list = digest
        try await registry.record(
            "platform.empty-trash", "platform", after: "\(found.ends.count) contents deleted, list \(digest)",
            by: actor)
        for content in found.ends {
            try replicas.requireLeases()
            // Only what was there when it was looked at.
            _ = try await shelf.destroy(
                content.digest, discardedBefore: Timestamp(microseconds: content.time.microseconds + 1))
        }
        return sweep
    }
}

extension KeptContent: CustomStringConvertible {
    /// A line of the list that the ledger names.
    package var description: String { "\(digest.hex) \(byteCount) \(time.text)\n" }
}
