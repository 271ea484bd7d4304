// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import ModelMonitoring
import Testing

/// What numbers amount to.
struct AlertRulesTests {
    private struct Server {
        var id = "a"
        var host = "host"
        var answered = 0
        var failed = 0
        var refused = 0
        var timed = 0
        var slow = 0
        var losses = 0
        var logDrops = 0
        var objective: Int?
        var answers = true
        var problem: String?
        var isComplete = true
        var free = 500_000_000_000
        var total = 1_000_000_000_000
        var certificateEnd: Timestamp?
        var hasEndpoint = true

        func signals() throws -> ReplicaSignals {
            let endpoint = EndpointSignals(
                project: .standard, name: try EndpointName("churn"), answers: answers, problem: problem,
                answered: answered, failed: failed, refused: refused, timed: timed, objective: objective, slow: slow,
                losses: losses, logDrops: logDrops)
            return ReplicaSignals(
                replica: id, host: host, isComplete: isComplete, endpoints: hasEndpoint ? [endpoint] : [],
                freeBytes: free, totalBytes: total, certificateEnd: certificateEnd)
        }
    }

    private static let start = Timestamp(microseconds: 1_000_000_000_000)

    private func level(
        _ kind: AlertKind, _ rules: inout AlertRules, _ servers: [Server], open: [Alert] = [],
        at time: Timestamp = start
    ) throws -> AlertLevel? {
        rules.findings(try servers.map { try $0.signals() }, open: open, at: time).first { $0.key.kind == kind }?
            .level
    }

    /// After a first look, what the second one says.
    private func level(_ kind: AlertKind, _ change: (inout Server) -> Void) throws -> AlertLevel? {
        var rules = AlertRules()
        var server = Server()
        server.objective = 10_000_000
        _ = try level(kind, &rules, [server])
        change(&server)
        return try level(kind, &rules, [server])
    }

    @Test(arguments: [
        (3, 1, AlertLevel.undecided), (3, 3, .undecided), (19, 19, .undecided), (20, 0, .clean), (3, 0, .undecided),
        (0, 0, .undecided), (20, 2, .undecided), (20, 1, .undecided), (20, 4, .violated(.warning)),
        (20, 20, .violated(.critical)), (1000, 40, .clean), (1000, 55, .undecided), (1000, 80, .violated(.warning)),
        (1000, 300, .violated(.critical)),
    ])
    func oneFailureOfThreeIsNoAlert(_ answered: Int, _ failed: Int, _ expected: AlertLevel) throws {
        let found = try level(.errorRate) { server in
            server.answered = answered
            server.failed = failed
        }
        #expect(found == expected)
    }

    @Test func theLeastShareIsWilsons() {
        // R: prop.test(x, n, correct = FALSE)$conf.int[1]
        for (count, total, share) in [
            (1, 3, 0.0614919), (6, 20, 0.1454716), (4, 20, 0.0806577), (80, 1000, 0.0647291), (0, 50, 0),
            (5, 5, 0.5655175),
        ] {
            #expect(abs(leastShare(count, of: total) - share) < 2e-4, "\(count) of \(total)")
        }
        #expect(leastShare(0, of: 0) == 0)
    }

    @Test func whatACallerDoesToItselfIsNoOverload() throws {
        #expect(try level(.refusals) { $0.refused = 100 } == .violated(.critical))
        #expect(
            try level(.refusals) { server in
                server.answered = 900
                server.refused = 100
            } == .violated(.warning))
        #expect(try level(.refusals) { $0.answered = 900 } == .clean)
        #expect(try level(.refusals) { $0.answered = 9 } == .undecided)
    }

    @Test func latencyIsJudgedAgainstTheObjective() throws {
        #expect(
            try level(.latency) { server in
                server.timed = 1000
                server.slow = 5
            } == .clean)
        #expect(
            try level(.latency) { server in
                server.timed = 1000
                server.slow = 40
            } == .violated(.warning))
        #expect(
            try level(.latency) { server in
                server.timed = 1000
                server.slow = 400
            } == .violated(.critical))
        #expect(
            try level(.latency) { server in
                server.timed = 50
                server.slow = 50
            } == .undecided)
        // Without one there is nothing to say, and what was open is over.
        #expect(try level(.latency) { $0.objective = nil } == .gone)
        // What was slow by another objective says nothing.
        #expect(
            try level(.latency) { server in
                server.objective = 1_000_000
                server.timed = 1000
                server.slow = 1000
            } == .undecided)
    }

    @Test func quietIsCleanOnceAWholeWindowWasQuiet() throws {
        var rules = AlertRules()
        for _ in 0..<rules.thresholds.looks {
            #expect(try level(.errorRate, &rules, [Server()]) == .undecided)
        }
        #expect(try level(.errorRate, &rules, [Server()]) == .clean)
        #expect(try level(.errorRate, &rules, [Server(), Server(id: "new")]) == .undecided)
    }

    @Test func ratesAreOfTheWindowAndNotOfAllTime() throws {
        var rules = AlertRules()
        var server = Server()
        server.answered = 1_000_000
        server.failed = 900_000
        // What was counted before anybody looked is no news.
        #expect(try level(.errorRate, &rules, [server]) == .undecided)
        server.answered += 100
        server.failed += 100
        #expect(try level(.errorRate, &rules, [server]) == .violated(.critical))
        for _ in 0..<rules.thresholds.looks - 1 {
            #expect(try level(.errorRate, &rules, [server]) == .violated(.critical))
        }
        #expect(try level(.errorRate, &rules, [server]) == .clean)
    }

    @Test func aServerThatStartsAgainCountsAnew() throws {
        var rules = AlertRules()
        var server = Server()
        server.answered = 100
        _ = try level(.errorRate, &rules, [server])
        server = Server(id: "b")
        server.answered = 50
        server.failed = 50
        // What it did before it was first looked at is not known to be of now.
        #expect(try level(.errorRate, &rules, [server]) == .undecided)
        server.answered = 100
        server.failed = 100
        #expect(try level(.errorRate, &rules, [server]) == .violated(.critical))
    }

    @Test func serversAreAddedUp() throws {
        var rules = AlertRules()
        var (one, two) = (Server(id: "a", host: "x"), Server(id: "b", host: "y"))
        _ = try level(.errorRate, &rules, [one, two])
        (one.answered, one.failed, two.answered) = (10, 10, 990)
        // Ten are too few alone, and one percent of all.
        #expect(try level(.errorRate, &rules, [one, two]) == .clean)
        #expect(try level(.errorRate, &rules, [one]) == .undecided)
    }

    @Test func anEndpointIsReadyWhenTheWantedVersionAnswersEverywhere() throws {
        var rules = AlertRules()
        var (one, two) = (Server(id: "a", host: "x"), Server(id: "b", host: "y"))
        #expect(try level(.notReady, &rules, [one, two]) == .clean)
        two.problem = "it differs"
        #expect(try level(.notReady, &rules, [one, two]) == .violated(.warning))
        one.answers = false
        #expect(try level(.notReady, &rules, [one, two]) == .violated(.critical))
        // One that starts is not judged, and clears nobody.
        (one.isComplete, two.problem) = (false, nil)
        #expect(try level(.notReady, &rules, [one, two]) == .undecided)
    }

    @Test func workersMayEndNowAndThen() throws {
        #expect(try level(.workerRestarts) { $0.losses = 2 } == .undecided)
        #expect(try level(.workerRestarts) { $0.losses = 3 } == .violated(.warning))
        #expect(try level(.workerRestarts) { $0.losses = 30 } == .violated(.critical))
        #expect(try level(.logDrops) { $0.logDrops = 1 } == .violated(.warning))
    }

    @Test(arguments: [
        (500, AlertLevel.clean), (30, .clean), (21, .undecided), (15, .violated(.warning)), (0, .violated(.critical)),
    ])
    func aDiskIsNearlyFullWhenShareAndRoomAreSmall(_ gigabytes: Int, _ expected: AlertLevel) throws {
        var rules = AlertRules()
        let server = Server(free: gigabytes * 1_000_000_000)
        #expect(try level(.disk, &rules, [server]) == expected)
        // A small disk of which half is free is not nearly full.
        #expect(try level(.disk, &rules, [Server(free: 4_000_000_000, total: 8_000_000_000)]) == .clean)
    }

    @Test(arguments: [
        (30.0, AlertLevel.clean), (13, .violated(.warning)), (2, .violated(.critical)), (-1, .violated(.critical)),
    ])
    func aCertificateEndsSoon(_ days: Double, _ expected: AlertLevel) throws {
        var rules = AlertRules()
        let end = Timestamp(microseconds: Self.start.microseconds + Int64(days * 86_400_000_000))
        #expect(try level(.certificate, &rules, [Server(certificateEnd: end)]) == expected)
        #expect(try level(.certificate, &rules, [Server()]) == nil)
    }

    @Test func whatIsGoneEndsItsAlerts() throws {
        let open = [
            AlertKey(.errorRate, "other"), AlertKey(.drift, "churn", column: "age"), AlertKey(.disk, "elsewhere"),
        ]
        .map { key in
            Alert(
                number: 1, key: key, project: key.kind == .disk ? nil : .standard, severity: .warning, summary: "",
                evidence: [], normal: "", next: "", openedAt: Self.start)
        }
        var rules = AlertRules()
        var server = Server()
        func gone() throws -> [String] {
            rules.findings([try server.signals()], open: open, at: Self.start).filter { $0.level == .gone }
                .map(\.key.description).filter { !$0.hasPrefix("latency") }
        }
        #expect(try gone() == ["error_rate/other", "disk/elsewhere"])
        // A server that has not come back entirely knows of no end.
        server.isComplete = false
        #expect(try gone() == [])
    }

    @Test func timeGoesOnThroughAClockThatJumps() {
        var time = SteadyTime(patience: .seconds(45))
        let second: Int64 = 1_000_000
        func now(_ clock: Int64, _ uptime: Int64) -> Int64 {
            time.now(Timestamp(microseconds: clock * second), uptime: uptime * second).microseconds / second
        }
        #expect(now(1000, 0) == 1000)
        #expect(now(1015, 15) == 1015)
        // Forward, and back: not believed.
        #expect(now(9_000_000, 30) == 1030)
        #expect(now(1045, 45) == 1045)
        #expect(now(3, 60) == 1060)
        #expect(now(18, 75) == 1075)
        #expect(now(33, 90) == 1090)
        // It has stayed there.
        #expect(now(48, 105) == 48)
        #expect(now(63, 120) == 63)
    }
}
