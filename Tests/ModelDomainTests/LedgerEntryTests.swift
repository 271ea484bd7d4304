// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain
import Testing

struct LedgerEntryTests {
    private let time = Timestamp(microseconds: 1_700_000_000_000_001)

    /// The chain of `vectors/audit_log.json`, which was computed with Python's hashlib.
    @Test func theChainIsTheOneOfTheReference() throws {
        let url = try #require(Bundle.module.url(forResource: "vectors/audit_log", withExtension: "json"))
        let document = try JSONDecoder().decode(VectorFile.self, from: Data(contentsOf: url))
        let vector = try #require(document.cases.compactMap(\.chain).first)
        #expect(vector.leaves.count == 8)
        var previous: Digest?
        var chain: [String] = []
        for leaf in vector.leaves {
            let link = chainLink(after: previous, leaf: leaf)
            chain.append(link.hex)
            previous = link
        }
        #expect(chain == vector.expected)
    }

    @Test func aLeafIsCanonicalJSON() {
        let change = LedgerChange(
            actor: "alice", action: "endpoint.deploy", object: "endpoint/default/churn", before: "1", after: "2",
            reason: "“why”\n\u{1}")
        #expect(
            String(decoding: canonicalLeaf(sequence: 7, time: time, change: change), as: UTF8.self)
                == #"{"action":"endpoint.deploy","actor":"alice","after":"2","before":"1","#
                + #""object":"endpoint/default/churn","reason":"“why”\n\u0001","sequence":7,"time":1700000000000001}"#)
    }

    @Test func whatHasNoValueIsLeftOut() {
        let change = LedgerChange(actor: "a", action: "b", object: "c")
        #expect(
            String(
                decoding: canonicalLeaf(sequence: 0, time: Timestamp(microseconds: -5), change: change), as: UTF8.self)
                == #"{"action":"b","actor":"a","object":"c","sequence":0,"time":-5}"#)
    }

    /// The same change written later, elsewhere or by another is another leaf, and every later link differs.
    @Test func everyFieldIsInTheChain() {
        let plain = LedgerChange(actor: "a", action: "b", object: "c", before: "d", after: "e", reason: "f")
        let entry = LedgerEntry(sequence: 1, time: time, change: plain, after: nil)
        let others = [
            LedgerEntry(sequence: 2, time: time, change: plain, after: nil),
            LedgerEntry(sequence: 1, time: Timestamp(microseconds: 1), change: plain, after: nil),
            LedgerEntry(sequence: 1, time: time, change: plain, after: Digest(of: [1])),
            LedgerEntry(
                sequence: 1, time: time,
                change: LedgerChange(actor: "x", action: "b", object: "c", before: "d", after: "e", reason: "f"),
                after: nil),
            LedgerEntry(
                sequence: 1, time: time,
                change: LedgerChange(actor: "a", action: "b", object: "c", before: nil, after: "de", reason: "f"),
                after: nil),
        ]
        #expect(Set(([entry] + others).map(\.chain)).count == 6)
    }
}

private struct VectorFile: Decodable {
    let cases: [Case]

    /// Only the case `chain` has the shape that is read here.
    struct Case: Decodable {
        let chain: (leaves: [[UInt8]], expected: [String])?

        private struct Input: Decodable { let leavesHex: [String] }
        private enum Keys: CodingKey { case id, input, expected }

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: Keys.self)
            guard try fields.decode(String.self, forKey: .id) == "chain" else {
                chain = nil
                return
            }
            chain = (
                try fields.decode(Input.self, forKey: .input).leavesHex.map(bytes),
                try fields.decode([String].self, forKey: .expected)
            )
        }
    }
}

private func bytes(ofHex text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}
