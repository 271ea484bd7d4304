// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// `GET /v1/ledger`: oldest first.
package struct LedgerV1: Codable, Sendable, Equatable {
    package let entries: [Entry]

    package struct Entry: Codable, Sendable, Equatable {
        package let sequence: Int
        package let time: String
        package let actor: String
        package let action: String
        package let object: String
        package let before: String?
        package let after: String?
        package let reason: String?
        /// What it was done on: digests, and what was found.
        package let evidence: String?
        /// The hash that chains this entry to everything before it.
        package let chain: String

        package init(_ entry: LedgerEntry) {
            sequence = entry.sequence
            time = entry.time.text
            actor = entry.change.actor
            action = entry.change.action
            object = entry.change.object
            before = entry.change.before
            after = entry.change.after
            reason = entry.change.reason
            evidence = entry.change.evidence
            chain = entry.chain.hex
        }
    }

    package init(entries: [Entry]) { self.entries = entries }
}

/// `GET /v1/ledger/endpoints/{name}?at=`: what answered there at that moment.
package struct EndpointMomentV1: Codable, Sendable, Equatable {
    package let endpoint: String
    package let project: String
    /// RFC 3339.
    package let at: String
    /// `model/PROJECT/NAME/NUMBER`; `nil` when nothing answered.
    package let version: String?
    /// `sha256:…` of what that version was made of then.
    package let bundle: String?
    /// By which entry it came to answer, or ceased to; `nil` when nothing had happened there yet.
    package let because: LedgerV1.Entry?
    /// By which entry that version came to be.
    package let registered: LedgerV1.Entry?

    package init(
        endpoint: String, project: String, at: String, version: String?, bundle: String?, because: LedgerEntry?,
        registered: LedgerEntry?
    ) {
        self.endpoint = endpoint
        self.project = project
        self.at = at
        self.version = version
        self.bundle = bundle
        self.because = because.map(LedgerV1.Entry.init)
        self.registered = registered.map(LedgerV1.Entry.init)
    }
}

/// `GET /v1/ledger/head`: what the ledger comes to now.
package struct LedgerHeadV1: Codable, Sendable, Equatable {
    /// How many entries there are.
    package let size: Int
    /// Of the tree of RFC 6962 over their leaves.
    package let root: String
    /// The newest chain value; `nil` without entries.
    package let chain: String?
    /// RFC 3339.
    package let time: String?

    package init(_ head: LedgerHead) {
        size = head.size
        root = head.root.hex
        chain = head.chain?.hex
        time = head.time?.text
    }

    /// - Returns: `nil` where the root is no digest.
    package var head: LedgerHead? {
        Digest(root).map {
            LedgerHead(size: size, root: $0, chain: chain.flatMap { Digest($0) }, time: time.flatMap { Timestamp($0) })
        }
    }
}

/// `GET /v1/ledger/verification`.
package struct LedgerVerificationV1: Codable, Sendable, Equatable {
    package let verifiedEntries: Int
    package let head: LedgerHeadV1
    /// Shows that ``head`` extends the one that was asked about: RFC 6962, section 2.1.2. Absent where none was.
    package let consistency: [String]?

    package init(_ head: LedgerHead, consistency: [Digest]?) {
        verifiedEntries = head.size
        self.head = LedgerHeadV1(head)
        self.consistency = consistency?.map(\.hex)
    }
}

/// `GET /v1/ledger/entries/{sequence}/proof`: that an entry is in the ledger, by RFC 6962, section 2.1.1.
package struct LedgerProofV1: Codable, Sendable, Equatable {
    package static let schema = "slipway.ledger-proof/1"

    package let schema: String
    package let sequence: Int
    /// The record, in canonical JSON.
    package let leaf: String
    /// Of the tree.
    package let size: Int
    package let root: String
    /// From the leaf upwards.
    package let path: [String]

    package init(_ proof: LedgerProof) {
        schema = Self.schema
        sequence = proof.sequence
        leaf = String(decoding: proof.leaf, as: UTF8.self)
        size = proof.size
        root = proof.root.hex
        path = proof.path.map(\.hex)
    }

    /// - Returns: `nil` where something is no digest.
    package var proof: LedgerProof? {
        let digests = path.compactMap { Digest($0) }
        guard schema == Self.schema, digests.count == path.count, let root = Digest(root) else { return nil }
        return LedgerProof(sequence: sequence, leaf: Array(leaf.utf8), size: size, root: root, path: digests)
    }
}
