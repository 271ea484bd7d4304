// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import Testing

struct LedgerEntryTests {
    private let time = Timestamp(microseconds: 1_700_000_000_000_001)

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
