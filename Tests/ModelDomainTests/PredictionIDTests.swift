// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import Testing

@Suite struct PredictionIDTests {
    @Test func idsAreUniqueOverSourcesAndAscending() {
        var first = PredictionIDSource(replica: 1, loop: 0)
        var second = PredictionIDSource(replica: 1, loop: 1)
        let ids = (0..<100).flatMap { _ in [first.next(at: 7), second.next(at: 7)] }
        #expect(Set(ids).count == 200)
        let own = stride(from: 0, to: 200, by: 2).map { ids[$0] }
        // A count that began near its end starts anew once in 2⁴⁴ predictions.
        #expect(own == own.sorted() || own.contains { $0.low & 0xFFF_FFFF_FFFF == 0 })
    }

    /// A server that is killed and started again within a millisecond must not repeat ids.
    @Test func aQuickRestartRepeatsNoID() {
        var first = PredictionIDSource(replica: 0, loop: 0)
        var second = PredictionIDSource(replica: 0, loop: 0)
        #expect(first.next(at: 7) != second.next(at: 7))
    }

    @Test func itIsAnUUIDOfVersionSevenWithTimeReplicaAndLoop() {
        var source = PredictionIDSource(replica: 0x1234, loop: 5, salt: 0xABC)
        let id = source.next(at: 0x0199_3C2E_6D1A)
        #expect(id.description == "01993c2e-6d1a-7005-8123-400000000abc")
        #expect(id.milliseconds == 0x0199_3C2E_6D1A)
        #expect(source.next(at: 0x0199_3C2E_6D1A).description == "01993c2e-6d1a-7005-8123-400000000abd")
    }

    @Test func aClockThatGoesBackKeepsTheLatestTime() {
        var source = PredictionIDSource(replica: 0, loop: 0)
        let before = source.next(at: 1000)
        let after = source.next(at: 10)
        #expect(after > before && after.milliseconds == 1000)
        #expect(source.next(at: -5).milliseconds == 1000)
    }

    @Test(arguments: ["01993c2e-6d1a-7005-8123-400000000abc", "01993C2E6D1A70058123400000000ABC"])
    func textsOfUUIDsAreRead(text: String) {
        #expect(PredictionID(text)?.description == "01993c2e-6d1a-7005-8123-400000000abc")
    }

    @Test(arguments: [
        "", "01993c2e", "01993c2e-6d1a-7005-8123-400000000ab", "01993c2e-6d1a-7005-8123-400000000abcd",
        "01993c2e-6d1a-7005-8123+400000000abc", "g1993c2e-6d1a-7005-8123-400000000abc",
        "01993c2e6d1a-7005-8123-4000-00000abc", "０1993c2e-6d1a-7005-8123-400000000ab",
    ])
    func otherTextsAreNone(text: String) { #expect(PredictionID(text) == nil) }

    @Test func anotherUUIDSaysNoTime() {
        #expect(PredictionID("6f9619ff-8b86-4011-b42d-00cf4fc964ff")?.milliseconds == nil)
    }

    @Test(arguments: ["0%", "0.1%", "5%", "12.34%", "100%"])
    func sharesAreWrittenAsTheyAreRead(text: String) { #expect(SampleShare(text)?.description == text) }

    @Test(arguments: ["", "%", "5", "101%", "-1%", "1.234%", "1.%", ".5%", "1e1%", "１%", "100.01%"])
    func otherTextsAreNoShare(text: String) { #expect(SampleShare(text) == nil) }
}
