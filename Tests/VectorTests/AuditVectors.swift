// SPDX-License-Identifier: Apache-2.0
import ModelDomain

/// Trees, proofs and chains of the ledger, and what is signed of an envelope. Everything is exact.
let auditKinds: [VectorKind] = [
    VectorKind("auditLog") { test in
        let exact = Tolerance(rel: 0, abs: 0)
        return differences(test.expected, try auditLog(test), within: exact, optional: [])
    }
]

private func auditLog(_ test: VectorCase) throws -> Outcome {
    let input = test.input
    if let type = try input["payloadType"].ifPresent({ try $0.text }) {
        let payload = Array(try input["payloadUtf8"].text.utf8)
        return .text(lowercaseHex(preAuthenticationEncoding(type: type, payload: payload)))
    }
    let leaves = try input["leavesHex"].texts.map(bytes)
    if let size = try input["treeSize"].ifPresent({ try $0.integer }) {
        return path(MerkleProof.inclusionRanges(of: try input["leafIndex"].integer, size: size), leaves)
    }
    if let size = try input["newSize"].ifPresent({ try $0.integer }) {
        return path(MerkleProof.consistencyRanges(from: try input["oldSize"].integer, to: size), leaves)
    }
    // Of leaves alone it is the expectation that says what is meant: a root is one text, a chain a list of them.
    guard case .list = test.expected else {
        return .text(leaves.reduce(into: MerkleTree()) { $0.append(merkleLeaf($1)) }.root.hex)
    }
    var links: [Digest] = []
    for leaf in leaves { links.append(chainLink(after: links.last, leaf: leaf)) }
    return Outcome(links.map(\.hex))
}

private func path(_ ranges: [Range<Int>], _ leaves: [[UInt8]]) -> Outcome {
    var roots = RangeRoots(ranges)
    for (index, leaf) in leaves.enumerated() { roots.take(merkleLeaf(leaf), at: index) }
    return Outcome(roots.roots.map(\.hex))
}

private func bytes(_ text: String) throws -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    guard digits.count == text.utf8.count, digits.count % 2 == 0 else {
        throw VectorMisread("the digits of bytes", .text(text))
    }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}
