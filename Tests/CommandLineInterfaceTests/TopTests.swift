// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain
import Testing
import WireTypes

@testable import CommandLineInterface

struct TopTests {
    private func busy(
        _ name: String, answered: Int, failed: Int = 0, refused: Int = 0, durations: [(Int, Int)] = []
    ) -> EndpointV1 {
        let made = endpoint(name)
        var busy = EndpointV1(
            name: name, project: made.project, generation: 1, model: made.model, wantedVersion: 1, liveVersion: 1,
            ready: true, proof: made.proof, problem: nil,
            requests: RequestCountsV1(
                accepted: answered, answered: answered, failed: failed, refused: ["rate": refused]),
            signature: nil, oneRowMicroseconds: nil, predictPath: made.predictPath, runsOn: "inline", settings: [:])
        busy.durations = durations.map {
            DurationBucketV1(aboveNanoseconds: $0.0, atMostNanoseconds: 2 * $0.0, count: $0.1)
        }
        return busy
    }

    private func frame(_ endpoints: [EndpointV1], of name: EndpointName? = nil) -> TopFrame {
        TopFrame(
            TopFrame.Look(status(endpoints)), since: nil, of: name, url: "URL",
            at: Timestamp("2026-11-21T07:27:36Z") ?? Timestamp(microseconds: 0))
    }

    @Test func ratesAndTimesAreOfWhatCameBetweenTwoLooks() throws {
        let before = busy("a", answered: 100, failed: 5, refused: 7, durations: [(8192, 90), (16384, 5)])
        let after = busy("a", answered: 160, failed: 8, refused: 13, durations: [(8192, 90), (16384, 25), (65536, 20)])
        let row = TrafficRow(after, since: before, seconds: 2)
        #expect(row.requestsPerSecond == 30 && row.errorsPerSecond == 1.5 && row.refusalsPerSecond == 3)
        // 20 of 40 are in the first bucket: half of them took at most as long as it reaches.
        #expect(row.p50Microseconds == 32.768)
        let p99 = try #require(row.p99Microseconds)
        // 19.6 of the 20 in the last bucket, which reaches from 65.536 to twice that.
        #expect(abs(p99 - 129.76128) < 0.001)
        let idle = TrafficRow(after, since: after, seconds: 2)
        #expect(idle.p50Microseconds == nil && idle.requestsPerSecond == 0)
    }

    @Test func whatNeedsSomebodyComesFirstAndThenTheBusiest() {
        let problem = Explanation(.bug, .bug, "gone")
        var quiet = busy("quiet", answered: 0)
        var asked = busy("asked", answered: 0)
        quiet.recent = RecentV1(seconds: 60, answered: 1, failed: 0, refused: 0, durations: [])
        asked.recent = RecentV1(seconds: 60, answered: 9, failed: 0, refused: 0, durations: [])
        let frame = frame([
            quiet, asked, endpoint("old", wanted: 3, live: 2, problem: problem),
            endpoint("dead", live: nil, problem: problem),
        ])
        #expect(frame.endpoints.map(\.endpoint) == ["dead", "old", "asked", "quiet"])
        #expect(frame.endpoints.map(\.state) == [.failing, .behind, .ready, .ready])
        #expect(frame.endpoints[1].answers == "churn@2 (3 is wanted)")
        #expect(frame.uptimeSeconds.rounded() == 7380)
    }

    @Test(arguments: [(24, 80), (9, 40), (50, 200), (300, 120), (3, 20), (1, 1)])
    func itFitsEveryWindow(lines: Int, columns: Int) throws {
        let frame = frame((0..<200).map { endpoint("endpoint-\($0)-with-quite-a-long-name") })
        let shown = frame.lines(fitting: (lines, columns))
        #expect(shown.count <= lines && shown.allSatisfy { $0.text.count <= columns })
        guard lines > 8 else { return }
        let rows = shown.filter { $0.text.hasPrefix("endpoint-") }.count
        if rows < 200 { #expect(shown.contains { $0.text == "… and \(200 - rows) more" }) }
        #expect(rows == min(200, lines - 6) && shown.last?.text == "q ends")
        // What is most important stays.
        if columns >= 80 { #expect(shown[3].text.contains("P99") && shown[3].text.contains("STATE")) }
    }

    @Test func nothingThereSaysWhatToDo() {
        #expect(frame([]).lines(fitting: (24, 80)).map(\.text).contains { $0.hasPrefix("No endpoints yet") })
        #expect(frame([]).text.contains("No endpoints yet"))
    }

    /// Of what watches over an endpoint a column is drawn only where the server tells of it.
    @Test func driftIsThereWhenTheServerTellsOfIt() {
        #expect(!frame([endpoint("a")]).text.contains("DRIFT"))
        var watched = endpoint("b")
        watched.drift = FindingV1(state: "alarm", text: "2 of 30 columns")
        let frame = frame([endpoint("a"), watched])
        #expect(frame.text.contains("DRIFT") && frame.text.contains("alarm, 2 of 30 columns"))
        #expect(frame.lines(fitting: (24, 200)).contains { $0.style == .red && $0.text.hasPrefix("b ") })
    }

    @Test(arguments: [
        (0, "0"), (0.004, "0"), (0.0333, "0.03"), (0.5, "0.5"), (7, "7"), (9.96, "10"), (1234.4, "1234"),
        (13_400, "13.4k"),
    ])
    func ratesAreShort(rate: Double, text: String) { #expect(perSecondText(rate) == text) }

    @Test(arguments: [(-5.0, "0 s"), (59, "59 s"), (3599, "59 min"), (7380, "2 h 3 min"), (90_000, "1 d 1 h")])
    func uptimesAreShort(seconds: Double, text: String) { #expect(uptimeText(seconds: seconds) == text) }
}
