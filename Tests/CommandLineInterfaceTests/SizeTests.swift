// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ModelDomain
import Testing
import WireTypes

@testable import APIClient
@testable import CommandLineInterface
@testable import LoadGenerator

struct SizeObjectiveTests {
    @Test func objectivesAreReadAsPeopleWriteThem() throws {
        let span = try #require(TimeSpan("20ms"))
        #expect(Objective(argument: "p99=20ms") == .latency(.p99, span))
        #expect(Objective(argument: "p99.9=20ms") == .latency(.p999, span))
        #expect(Objective(argument: "availability=99.95%") == .availability(Percentage(thousandths: 99_950)))
    }

    @Test(arguments: [
        "", "p99", "p99=", "p99=20", "p95=20ms", "P99=20ms", "=20ms", "p99=-1ms", "p99=0ms", "availability=99",
        "availability=0%", "availability=100.001%", "availability=1e2%", "p99=20ms=3", "availability=9999999%",
    ])
    func whatIsNoObjectiveIsRefused(_ text: String) {
        #expect(Objective(argument: text) == nil)
    }

    @Test(arguments: [("99.9%", "99.9%"), ("20%", "20%"), ("0%", "0%"), ("5.050%", "5.05%"), ("0.001%", "0.001%")])
    func percentagesAreWrittenAsTheyAreRead(_ text: String, _ written: String) {
        #expect(Percentage(argument: text)?.description == written)
    }

    @Test(arguments: ["", "%", "5", ".5%", "5.%", "1.2.3%", "0.0001%", "-5%", "+5%", "1001%", "٣%"])
    func whatIsNoPercentageIsRefused(_ text: String) {
        #expect(Percentage(argument: text) == nil)
    }

    private func level(_ texts: String...) throws -> ServiceLevel {
        try ServiceLevel(try texts.map { try #require(Objective(argument: $0)) })
    }

    @Test func theTextSaysEveryObjective() throws {
        #expect(try level("p99=20ms", "p50=2ms").text == "p50 ≤ 2ms, p99 ≤ 20ms, 99.9% answered")
    }

    @Test func noTimeOrOneTwiceIsRefused() {
        #expect(throws: ValidationError.self) { try level("availability=99%") }
        #expect(throws: ValidationError.self) { try level("p99=20ms", "p99=30ms") }
        #expect(throws: ValidationError.self) { try level("p99=20ms", "availability=99%", "availability=98%") }
    }

    @Test func enoughRequestsAreThoseThatMakeAQuantileMeanSomething() throws {
        #expect(try level("p50=1ms", "availability=99%").requestsNeeded == 100)
        #expect(try level("p99=1ms").requestsNeeded == 2000)
        #expect(try level("p50=1ms").requestsNeeded == 1000)
        #expect(try level("p99.9=1ms").requestsNeeded == 20_000)
        #expect(try level("p50=1ms", "availability=100%").requestsNeeded == 40)
    }

    @Test func limitsAllowWhatTheObjectivesAllow() throws {
        let limits = try level("p99=20ms", "p50=1ms").limits(forRequests: 2000)
        #expect(
            limits
                == LoadLimits(
                    latencies: [
                        .init(nanoseconds: 1_000_000, allowed: 1000), .init(nanoseconds: 20_000_000, allowed: 20),
                    ], failuresAllowed: 2))
    }
}

struct SizeVerdictTests {
    /// A step of 1000 requests with the times of its answers, in milliseconds.
    private func step(
        latency: Double = 1, service: Double? = nil, refused: Int = 0, late: Int = 0, waited: Int = 0,
        ownCores: Double = 0.1, isStopped: Bool = false, seconds: Double = 1
    ) -> SizeStep {
        var record = LoadRecord()
        record.noteSchedule(LoadSchedule(requestsPerSecond: 1000, seconds: 1))
        for index in 0..<1000 {
            record.noteSending(delay: index < late ? 5_000_000 : 0, waited: index < waited)
            if index < refused {
                record.noteAnswer(status: 503, latency: 1000, serviceTime: 1000)
            } else {
                record.noteAnswer(
                    status: 200, latency: Int(latency * 1e6), serviceTime: Int((service ?? latency) * 1e6))
            }
        }
        if isStopped { record.noteStop(notDue: 0) }
        record.noteEnd(nanoseconds: Int(seconds * 1e9))
        return SizeStep(record, setting: [:], rate: 1000, serverCores: 0.5, ownCores: ownCores, foreign: 0)
    }

    private func verdict(_ step: SizeStep) throws -> SizeVerdict {
        SizeVerdict(step, of: try ServiceLevel([try #require(Objective(argument: "p99=20ms"))]))
    }

    @Test func whatIsInTimeHolds() throws {
        #expect(try verdict(step(latency: 19)) == .held)
        #expect(try verdict(step(refused: 1)) == .held)
    }

    @Test func whatIsLateOrRefusedDoesNot() throws {
        #expect(try verdict(step(latency: 21)) == .slow(.p99))
        #expect(try verdict(step(refused: 2)) == .unanswered)
        #expect(try verdict(step(isStopped: true)) == .slow(.p99))
        #expect(try verdict(step(seconds: 1.15)) == .behind)
        #expect(try verdict(step(seconds: 1.09)) == .held)
    }

    /// Quick once it was sent, and sent late by itself: the program is what is slow.
    @Test func theProgramItselfMayBeTheLimit() throws {
        #expect(try verdict(step(latency: 30, service: 2, late: 500)) == .beyondGenerator)
        #expect(try verdict(step(latency: 30, ownCores: 0.95)) == .beyondGenerator)
        #expect(try verdict(step(latency: 30, service: 2, waited: 500)) == .slow(.p99))
        #expect(try verdict(step(latency: 30, service: 2, late: 500, waited: 500)) == .slow(.p99))
        #expect(try verdict(step(latency: 30, service: 25, late: 500)) == .slow(.p99))
        // However hard it was for the program: what held, held.
        #expect(try verdict(step(latency: 10, late: 500, ownCores: 1)) == .held)
    }
}

struct SizeSettingsTests {
    private let known = [
        "deadline": "30s", "queue": "auto", "concurrency": "auto", "wait": "auto", "rate_per_client": "none",
        "run_on": "auto",
    ]

    private func settings(
        _ present: [String: String], placed: String?, oneRow: Double? = nil, highest: Int = 2
    ) throws -> SizeSettings {
        SizeSettings(
            present: present, placedByServer: placed, oneRowMicroseconds: oneRow,
            level: try ServiceLevel([try #require(Objective(argument: "p99=20ms"))]), highest: highest)
    }

    @Test func lightModelsAreTriedOnTheEventLoopsFirst() throws {
        #expect(
            try settings(known, placed: "inline").candidates == [
                ["run_on": "auto"], ["run_on": "lane", "concurrency": "1"], ["run_on": "lane", "concurrency": "2"],
            ])
    }

    @Test func heavyModelsStayOnLanes() throws {
        let lanes = [["run_on": "auto", "concurrency": "1"], ["run_on": "auto", "concurrency": "2"]]
        #expect(try settings(known, placed: "lane", oneRow: 5000).candidates == lanes)
        #expect(try settings(known, placed: "lane", oneRow: 300).candidates == lanes + [["run_on": "inline"]])
    }

    @Test func keysThatTheServerDoesNotKnowAreLeftOut() throws {
        #expect(try settings([:], placed: "lane").candidates == [[:]])
        #expect(try settings(["run_on": "auto"], placed: "lane").candidates == [["run_on": "auto"]])
        let batching = known.merging(["batching": "auto", "p99": "auto"]) { $1 }
        #expect(
            try settings(batching, placed: "lane", highest: 1).candidates == [
                ["run_on": "auto", "concurrency": "1", "batching": "auto", "p99": "20ms"],
                ["run_on": "auto", "concurrency": "1", "batching": "off", "p99": "20ms"],
            ])
    }

    @Test func whatASingleCallerWouldMeetIsLifted() throws {
        #expect(try settings(known, placed: "lane").meanwhile.isEmpty)
        let bounded = known.merging(["rate_per_client": "5/s", "cache": "64MiB"]) { $1 }
        #expect(try settings(bounded, placed: "lane").meanwhile == ["rate_per_client": "none", "cache": "none"])
    }

    @Test(arguments: [
        (1, [1]), (2, [1, 2]), (3, [1, 2, 3]), (4, [1, 2, 3, 4]), (5, [1, 2, 3, 4, 5]), (7, [1, 2, 3, 4, 6, 7]),
        (16, [1, 2, 3, 4, 6, 8, 12, 16]), (20, [1, 2, 3, 4, 6, 8, 12, 16, 20]),
    ])
    func theLadderEndsAtTheHighest(_ highest: Int, _ rungs: [Int]) {
        #expect(SizeSettings.ladder(to: highest) == rungs)
    }

    @Test func settingsAreWrittenToBeCopied() throws {
        let name = try EndpointName("churn")
        let setting = ["concurrency": "2", "run_on": "lane", "p99": "20ms", "batching": "off"]
        #expect(
            settingYAML(setting, of: name) == """
                endpoints:
                  churn:
                    limits: {concurrency: 2}
                    slo: {p99: 20ms}
                    batching: off
                    run_on: lane
                """)
        #expect(
            settingCommand(setting, of: name, server: " --data d")
                == "slipway endpoint set churn --batching off --concurrency 2 --p99 20ms --run-on lane --data d")
        #expect(settingText([:]) == "as it is")
    }

    /// What is told to be copied is understood.
    @Test func theCommandIsUnderstood() throws {
        let line = settingCommand(
            ["concurrency": "2", "run_on": "lane"], of: try EndpointName("churn"), server: "")
        let command = try SlipwayCommand.parseAsRoot(line.split(separator: " ").dropFirst().map(String.init))
        #expect(command is EndpointSet)
    }
}

struct RateTextTests {
    @Test(arguments: [(0.5, "0.5/s"), (12.34, "12.3/s"), (640.4, "640/s"), (12_345, "12300/s"), (99.99, "100/s")])
    func ratesHaveThreeDigits(_ rate: Double, _ text: String) {
        #expect(rateText(rate) == text)
    }
}
