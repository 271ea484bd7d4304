// SPDX-License-Identifier: Apache-2.0
internal import Tensors

/// A change to the platform, as somebody made it.
package struct LedgerChange: Sendable, Hashable {
    /// Who: a principal's name, never a secret.
    package let actor: String
    /// What was done, as `noun.verb`: `model.register`, `endpoint.deploy`.
    package let action: String
    /// To what: `model/default/churn/3`, `endpoint/default/churn`.
    package let object: String
    /// The state before and after, where there is one: a digest or a version.
    package let before: String?
    package let after: String?
    package let reason: String?
    /// What it was done on: digests of what was looked at, and what the look found; where there is something.
    package let evidence: String?

    package init(
        actor: String, action: String, object: String, before: String? = nil, after: String? = nil,
        reason: String? = nil, evidence: String? = nil
    ) {
        self.actor = actor
        self.action = action
        self.object = object
        self.before = before
        self.after = after
        self.reason = reason
        self.evidence = evidence
    }
}

/// A change as the ledger keeps it: numbered, timed, and chained to everything before it.
///
/// `leaf` is the record in canonical JSON (RFC 8785); its hash is SHA-256(0x00 ‖ leaf), as in RFC 6962, so that a tree
/// can be put over the same leaves. `chain` is SHA-256(0x02 ‖ previous chain ‖ leaf hash), starting from 32 zero bytes.
package struct LedgerEntry: Sendable, Hashable {
    /// From 0, without gaps.
    package let sequence: Int
    package let time: Timestamp
    package let change: LedgerChange
    package let leaf: [UInt8]
    package let chain: Digest

    /// Chains `change` behind `previous`.
    package init(sequence: Int, time: Timestamp, change: LedgerChange, after previous: Digest?) {
        self.sequence = sequence
        self.time = time
        self.change = change
        leaf = canonicalLeaf(sequence: sequence, time: time, change: change)
        chain = chainLink(after: previous, leaf: leaf)
    }

    /// An entry as a store remembers it, which need not be what was written: compare with a chained one.
    package init(sequence: Int, time: Timestamp, change: LedgerChange, leaf: [UInt8], chain: Digest) {
        self.sequence = sequence
        self.time = time
        self.change = change
        self.leaf = leaf
        self.chain = chain
    }
}

/// The record of a change in canonical JSON (RFC 8785), time in microseconds; what has no value is left out.
package func canonicalLeaf(sequence: Int, time: Timestamp, change: LedgerChange) -> [UInt8] {
    let fields: [(name: String, value: String?)] = [
        ("action", change.action), ("actor", change.actor), ("after", change.after), ("before", change.before),
        ("evidence", change.evidence), ("object", change.object), ("reason", change.reason),
    ]
    let texts = fields.compactMap { name, value in value.map { (name: name, value: JSONValue.string($0)) } }
    let numbers: [(name: String, value: JSONValue)] = [
        ("sequence", .integer(Int64(sequence))), ("time", .integer(time.microseconds)),
    ]
    return JSONValue.object(texts + numbers).canonical
}

/// The hash that stands behind `leaf` in the chain.
///
/// - Parameter previous: The chain value before it; `nil` for the first leaf.
package func chainLink(after previous: Digest?, leaf: [UInt8]) -> Digest {
    chainLink(after: previous, leafHash: merkleLeaf(leaf))
}

/// The same for a leaf that is hashed already.
func chainLink(after previous: Digest?, leafHash: Digest) -> Digest {
    pairHash(2, previous, leafHash)
}
