// SPDX-License-Identifier: Apache-2.0

/// That an entry is in a ledger with a certain root, for whoever has that root and nothing else.
package struct LedgerProof: Sendable, Hashable {
    package let sequence: Int
    /// The record.
    package let leaf: [UInt8]
    /// Of the tree.
    package let size: Int
    package let root: Digest
    /// From the leaf upwards: RFC 6962, section 2.1.1.
    package let path: [Digest]

    package init(sequence: Int, leaf: [UInt8], size: Int, root: Digest, path: [Digest]) {
        self.sequence = sequence
        self.leaf = leaf
        self.size = size
        self.root = root
        self.path = path
    }

    package var holds: Bool {
        MerkleProof.holds(leafHash: merkleLeaf(leaf), at: sequence, size: size, root: root, path: path)
    }
}

/// A ledger that is not what was written.
package struct LedgerBroken: ExplainedError, Equatable {
    /// At least one, and not all when there are many.
    package let faults: [LedgerFault]
    package let faultCount: Int

    /// - Parameter audit: That has found something.
    package init(_ audit: LedgerAudit) {
        faults = audit.faults
        faultCount = audit.faultCount
    }

    package var explanation: Explanation {
        guard let first = faults.first else {
            return Explanation(.ledgerBroken, .conflict, "The ledger was changed.")
        }
        let (written, found) = first.said
        var details: [Explanation.Detail] = [.init("sequence", String(first.sequence)), .init("field", first.field)]
        if let written { details.append(.init("written", written)) }
        if let found { details.append(.init("found", found)) }
        for fault in faults { details.append(.init("entry \(fault.sequence)", fault.line)) }
        if faultCount > faults.count { details.append(.init("more", String(faultCount - faults.count))) }
        let hint =
            switch first {
            case .cutOff, .rewritten: "Compare it with a backup from the time when the head was taken."
            default: "Compare it with a backup."
            }
        return Explanation(
            .ledgerBroken, .conflict, "The ledger was changed: entry \(first.sequence) is not what was written.",
            hint: hint, details: details)
    }
}
