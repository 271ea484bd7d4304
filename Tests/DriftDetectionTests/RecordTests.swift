// SPDX-License-Identifier: Apache-2.0
import DriftDetection
import InferenceServing
import ModelDomain
import Statistics
import Tensors
import Testing

@testable import PredictionLogging

/// Predictions as the log has them.
struct RecordTests {
    private func record(_ status: PredictionStatus = .answered, policies: [String]) throws -> PredictionRecord {
        let fields = policies.enumerated().map { place, policy in
            #"{"name":"c\#(place)","input":0,"offset":\#(place),"shape":[],"policy":"\#(policy)"}"#
        }
        let schema = try LogSchema(
            json: Array(
                (#"{"project":"p","endpoint":"e","generation":1,"model_project":"p","model":"m","version":1,"#
                    + #""inputs":["input"],"outputs":["score"],"fields":["#
                    + fields.joined(separator: ",") + "]}").utf8))
        let rows = Tensor(.float32, shape: [2, 2], elements: [1, 10, 2, 20] as [Float])
        let score = Tensor(.float32, shape: [2, 1], elements: [0.25, 0.75] as [Float])
        return PredictionRecord(
            id: PredictionID(high: 1, low: 2), time: time, status: status, code: nil, principal: nil, key: nil,
            trace: nil, rowCount: 2, times: .init(), isCut: false, inputs: [.whole(rows)],
            outputs: status == .answered ? [score] : [], schema: schema)
    }

    private func counted(_ record: PredictionRecord) -> [Int] {
        let baseline = MonitorBaseline(
            inputs: training([("c0", [1, 2, 3]), ("c1", [10, 20, 30])]), inputOrigin: .training,
            outputs: training([("score", [0, 0.5, 1])]), outputOrigin: .traffic)
        var monitor = VersionMonitor(baseline)
        monitor.observe(record)
        monitor.close()
        return monitor.series.pane(.hour, at: time)?.columns.map(\.rows) ?? []
    }

    @Test func columnsAndAnswersAreCounted() throws {
        #expect(counted(try record(policies: ["keep", "keep"])) == [2, 2, 2])
    }

    /// A hash is no value of the column, and what is dropped is not missing.
    @Test(arguments: ["hash", "drop"])
    func whatIsNotKeptIsNotCounted(policy: String) throws {
        #expect(counted(try record(policies: ["keep", policy])) == [2, 0, 2])
    }

    /// Counts are all that is kept of it: of numbers, which say nothing of anybody.
    @Test func sketchesAreCounts() throws {
        #expect(counted(try record(policies: ["keep", "sketch"])) == [2, 2, 2])
    }

    @Test func refusalsAreNoTraffic() throws {
        #expect(counted(try record(.invalid, policies: ["keep", "keep"])) == [])
    }
}
