// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import Foundation
internal import LoadGenerator
internal import ModelDomain
internal import WireTypes

/// Measures settings of one endpoint, step by step, as ``Sizing`` asks for them.
struct SizeRun {
    /// How long an endpoint is watched for the traffic of others before anything is sent.
    static let watchTime = Duration.seconds(2)
    /// The shortest step, where the longest is not shorter still: pauses of the server shall be in it.
    static let shortestStep = 1.0
    /// The fewest requests of a step at the lowest rate that is tried.
    static let fewestRequests = 10.0

    let client: SlipwayClient
    let subject: BenchSubject
    let body: BenchBody
    let level: ServiceLevel
    /// Requests a second that are wanted; `nil` for as many as possible.
    let wanted: Double?
    let margin: Percentage
    let connections: Int
    let stepSeconds: Double
    /// The most runs at once to try; `nil` for one a core of the server.
    let highestConcurrency: Int?
    /// Whether traffic of others is put up with.
    let isForced: Bool
    /// The server's process, where it is on this machine.
    let serverProcess: Int?
    /// What names the server in commands.
    let server: String

    struct Result {
        let settings: SizeSettings
        let grid: RateGrid
        let sizing: Sizing
        let chosen: Int
        let isEnough: Bool
        let steps: [SizeStep]
        let memory: Int?
        let othersAreAsked: Bool
    }

    /// - Throws: `SLO-002` when the endpoint gets other traffic; `CancellationError` when it was interrupted. Whatever is
    ///   thrown, the settings are what they were.
    func run() async throws -> Result {
        let before = try await quietEndpoint()
        let trial = EndpointTrial(before.endpoint, named: subject.endpoint, of: client)
        let outcome: Swift.Result<Result, any Error>
        do {
            outcome = .success(try await measure(before, trial))
        } catch {
            outcome = .failure(error)
        }
        try await trial.restore(server: server)
        return try outcome.get()
    }

    private struct Quiet {
        let endpoint: EndpointV1
        let othersAreAsked: Bool
    }

    /// Looks twice whether anybody else asks.
    private func quietEndpoint() async throws -> Quiet {
        Console.current.progress("watching \(subject.endpoint) for other traffic")
        let first = try await client.status().endpoints
        try await Task.sleep(for: Self.watchTime)
        let second = try await client.status().endpoints
        func arrivals(_ endpoints: [EndpointV1], _ isWanted: (String) -> Bool) -> Int {
            endpoints.filter { isWanted($0.name) }.reduce(0) { $0 + $1.requests.arrivals }
        }
        let name = subject.endpoint.rawValue
        let own = arrivals(second) { $0 == name } - arrivals(first) { $0 == name }
        guard isForced || own == 0 else { throw foreignTraffic(own, in: "\(Self.watchTime / .seconds(1)) s") }
        return Quiet(
            endpoint: try await client.endpoint(subject.endpoint).endpoint,
            othersAreAsked: arrivals(second) { $0 != name } > arrivals(first) { $0 != name })
    }

    private func foreignTraffic(_ count: Int, in time: String) -> Refusal {
        Refusal(
            .measurementDisturbed, .conflict,
            "“\(subject.endpoint)” gets \(count) requests of others in \(time): they would wait, and be measured.",
            hint: "Size a copy that nobody asks (`slipway deploy … --endpoint NAME`), or say --force.")
    }

    private func measure(_ quiet: Quiet, _ trial: EndpointTrial) async throws -> Result {
        // With nothing set, the server says where it would run the model itself.
        var endpoint = quiet.endpoint
        if endpoint.settings["run_on"] != nil {
            endpoint = try await trial.set(["run_on": "auto"], because: "slipway size")
        }
        let settings = SizeSettings(
            present: quiet.endpoint.settings, placedByServer: endpoint.runsOn,
            oneRowMicroseconds: endpoint.oneRowMicroseconds, level: level,
            highest: highestConcurrency
                ?? (serverProcess == nil ? endpoint.requests.concurrency : ProcessInfo.processInfo.activeProcessorCount)
        )
        let (grid, start, range) = rates(endpoint)
        var sizing = Sizing(
            settings: settings.candidates.count, goal: goal(on: grid), start: start, range: range,
            stride: grid.doubling)
        let (host, port) = try loadAddress(of: client, for: "size")
        let target = try body.target(for: subject, token: client.token)
        let generator = try await LoadGenerator(
            host: host, port: port, connections: connections,
            patience: max(.seconds(2), level.longest.duration * 2))
        let outcome: Swift.Result<Result, any Error>
        do {
            var steps: [SizeStep] = []
            var memory: Int?
            let isEnough: Bool
            let chosen: Int
            search: while true {
                switch sizing.next {
                case .done(let setting, let holds):
                    (chosen, isEnough) = (setting, holds)
                    break search
                case .measure(let setting, let index):
                    let texts = settings.candidates[setting]
                    try await trial.set(texts.merging(settings.meanwhile) { $1 }, because: "slipway size")
                    let step = try await measure(
                        grid.rate(index), setting: texts, target: target,
                        firstBody: steps.reduce(0) { $0 + $1.requests }, with: generator, trial)
                    steps.append(step)
                    let verdict = SizeVerdict(step, of: level)
                    sizing.note(verdict.outcome, setting: setting, rate: index)
                    memory = try await residentBytes().map { max($0, memory ?? 0) } ?? memory
                    Console.current.progress(progressText(step, verdict))
                }
            }
            outcome = .success(
                Result(
                    settings: settings, grid: grid, sizing: sizing, chosen: chosen, isEnough: isEnough, steps: steps,
                    memory: memory, othersAreAsked: quiet.othersAreAsked))
        } catch {
            outcome = .failure(error)
        }
        await generator.close()
        return try outcome.get()
    }

    private func goal(on grid: RateGrid) -> Sizing.Goal {
        guard let wanted else { return .highest }
        return .rate(0, withMargin: grid.index(upTo: wanted * (1 + margin.share)))
    }

    /// The grid, where the rise begins, and between which rates it stays.
    private func rates(_ endpoint: EndpointV1) -> (grid: RateGrid, start: Int, range: ClosedRange<Int>) {
        let lowest = Self.fewestRequests / stepSeconds
        // Without a wanted rate from a tenth of what one core could do, were there nothing but the model.
        let guess = endpoint.oneRowMicroseconds.map { 1e5 / max($0, 1) } ?? lowest
        let grid = RateGrid(
            anchor: wanted ?? min(max(guess, lowest), 1000), margin: wanted == nil ? 0 : margin.share)
        let bottom = min(0, grid.index(upTo: lowest))
        let top = max(grid.doubling, grid.index(upTo: RateGrid.highestPerSecond))
        return (grid, wanted == nil ? 0 : -grid.doubling, bottom...top)
    }

    /// Asks at one rate: first without counting, then counting.
    private func measure(
        _ rate: Double, setting: [String: String], target: LoadTarget, firstBody: Int, with generator: LoadGenerator,
        _ trial: EndpointTrial
    ) async throws -> SizeStep {
        let shortest = min(Self.shortestStep, stepSeconds)
        let seconds = min(stepSeconds, max(shortest, Double(level.requestsNeeded) / rate))
        let schedule = LoadSchedule(requestsPerSecond: rate, seconds: seconds)
        let warmUp = LoadSchedule(requestsPerSecond: rate, seconds: min(1, max(0.2, seconds / 5)))
        let first = try await client.endpoint(subject.endpoint).endpoint
        try await trial.check(first)
        let warm = try await generator.run(
            warmUp, to: target, firstBody: firstBody, within: level.limits(forRequests: warmUp.count))
        let family = serverProcess.map { ProcessFamily($0) }
        let (serverBefore, ownBefore) = (family?.processorSeconds, ProcessorTime.ownSeconds)
        let clock = ContinuousClock.now
        let record = try await generator.run(
            schedule, to: target, firstBody: firstBody + warm.scheduled,
            within: level.limits(forRequests: schedule.count))
        let elapsed = (ContinuousClock.now - clock) / .seconds(1)
        let (serverAfter, ownAfter) = (family?.processorSeconds, ProcessorTime.ownSeconds)
        let last = try await client.endpoint(subject.endpoint).endpoint
        try await trial.check(last)
        let foreign = max(0, last.requests.accepted - first.requests.accepted - warm.sent - record.sent)
        // One in a hundred changes no verdict.
        guard isForced || foreign * 100 <= record.sent else {
            throw foreignTraffic(foreign, in: durationText(microseconds: elapsed * 1e6))
        }
        let serverCores = serverBefore.flatMap { before in serverAfter.map { ($0 - before) / elapsed } }
        return SizeStep(
            record, setting: setting, rate: rate, serverCores: serverCores, ownCores: (ownAfter - ownBefore) / elapsed,
            foreign: foreign)
    }

    private func residentBytes() async throws -> Int? {
        if let serverProcess { return ProcessFamily(serverProcess).residentBytes }
        return try await client.status().residentBytes
    }
}

extension RequestCountsV1 {
    /// Requests so far, at the least: those that are refused after they had waited would count twice.
    fileprivate var arrivals: Int { max(accepted, refused.values.reduce(0, +)) }
}
