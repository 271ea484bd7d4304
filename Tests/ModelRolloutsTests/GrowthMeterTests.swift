// SPDX-License-Identifier: Apache-2.0
import Synchronization
import Testing

@testable import ModelRollouts

struct GrowthMeterTests {
    @Test func whatGrewIsMeasuredAndNothingIsNeverLess() {
        let heap = Mutex<Int>.Shared(1_000_000)
        let meter = GrowthMeter { heap.value }
        let first = meter.begin(traffic: 7)
        heap.change { $0 += 5_000_000 }
        #expect(meter.end(first, fileBytes: 10) { 7 } == 5_000_000)
        let second = meter.begin(traffic: 7)
        heap.change { $0 -= 1000 }
        #expect(meter.end(second, fileBytes: 10) { 7 } == 0)
    }

    /// Loads that meet cannot be told apart, in whichever order they end; later ones can.
    @Test func loadsThatMeetAreBounded() {
        let heap = Mutex<Int>.Shared(0)
        let meter = GrowthMeter { heap.value }
        let (first, second) = (meter.begin(traffic: 0), meter.begin(traffic: 0))
        heap.change { $0 += 10_000_000 }
        #expect(meter.end(second, fileBytes: 4000) { 0 } == 4000 + (128 << 10))
        #expect(meter.end(first, fileBytes: 80_000_000) { 0 } == 10_000_000)
        let alone = meter.begin(traffic: 0)
        heap.change { $0 += 7_000_000 }
        #expect(meter.end(alone, fileBytes: 4000) { 0 } == 7_000_000)
    }

    /// What answers take while a model is loaded is not the model's.
    @Test(arguments: [(nil, 5), (5, 6), (5, nil)] as [(Int?, Int?)])
    func predictionsThatAreMadeMeanwhileAreNotCharged(before: Int?, after: Int?) {
        let heap = Mutex<Int>.Shared(0)
        let meter = GrowthMeter { heap.value }
        let begun = meter.begin(traffic: before)
        heap.change { $0 += 10_000_000 }
        #expect(meter.end(begun, fileBytes: 4000) { after } == 4000 + (128 << 10))
    }
}
