// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Testing

@testable import PredictionLogging

struct BellTests {
    @Test func aRingIsHeardOnceWheneverItCame() {
        let bell = Bell()
        #expect(!bell.wait(atMost: 0))
        for _ in 0..<100_000 { bell.ring() }
        #expect(bell.wait(atMost: 0))
        #expect(!bell.wait(atMost: 1))
        DispatchQueue.global().asyncAfter(deadline: .now() + 0.02) { bell.ring() }
        #expect(bell.wait())
    }
}
