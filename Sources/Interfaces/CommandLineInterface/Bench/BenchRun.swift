// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import Foundation
internal import LoadGenerator
internal import ModelDomain
internal import ModelExecution
internal import Tensors

/// A measurement: its subjects, how hard they are asked, and what came of it.
struct BenchRun {
    let subjects: [BenchSubject]
    let body: BenchBody
    let rate: LoadRate
    let seconds: Double
    let warmUpSeconds: Double
    let connections: Int
    /// The server's process, where it is on this machine.
    let serverProcess: Int?

    struct Outcome {
        let subject: BenchSubject
        var record = LoadRecord()
        /// Of the server, while this subject was asked.
        var processorSeconds: Double?
        var checked = 0
        var agreed = 0
        /// What is wrong with the first answer that does not agree.
        var firstDifference: String?
    }

    struct Result {
        var outcomes: [Outcome]
        /// The share of one core that this program used.
        var ownShare: Double?
    }

    func run(on client: SlipwayClient) async throws -> Result {
        let (host, port) = try loadAddress(of: client, for: "bench")
        let targets = try subjects.map { try body.target(for: $0, token: client.token) }
        let generator = try await LoadGenerator(host: host, port: port, connections: connections)
        do {
            let result = try await measure(targets, with: generator)
            await generator.close()
            return result
        } catch {
            await generator.close()
            throw error
        }
    }

    private func measure(_ targets: [LoadTarget], with generator: LoadGenerator) async throws -> Result {
        if warmUpSeconds > 0 {
            for (subject, target) in zip(subjects, targets) {
                Console.current.progress("warming up \(subject.endpoint)")
                let schedule = LoadSchedule(requestsPerSecond: rate.perSecond, seconds: warmUpSeconds)
                _ = try await generator.run(schedule, to: target)
            }
        }
        var outcomes = subjects.map { Outcome(subject: $0, processorSeconds: serverProcess == nil ? nil : 0) }
        let alternation = Alternation(targets: targets.count, seconds: seconds)
        let schedule = LoadSchedule(requestsPerSecond: rate.perSecond, seconds: alternation.secondsEach)
        let own = Int(ProcessInfo.processInfo.processIdentifier)
        let ownBefore = ProcessorTime.seconds(of: own)
        let clock = ContinuousClock.now
        for (piece, turn) in alternation.turns.enumerated() {
            Console.current.progress("\(subjects[turn].endpoint), piece \(piece + 1) of \(alternation.turns.count)")
            let before = serverProcess.flatMap(ProcessorTime.seconds(of:))
            let record = try await generator.run(
                schedule, to: targets[turn], firstBody: outcomes[turn].record.scheduled)
            outcomes[turn].record.add(record)
            let after = serverProcess.flatMap(ProcessorTime.seconds(of:))
            outcomes[turn].processorSeconds = outcomes[turn].processorSeconds.flatMap { sum in
                before.flatMap { before in after.map { sum + $0 - before } }
            }
        }
        let elapsed = (ContinuousClock.now - clock) / .seconds(1)
        let used = ownBefore.flatMap { before in ProcessorTime.seconds(of: own).map { $0 - before } }
        for index in outcomes.indices { check(&outcomes[index]) }
        return Result(outcomes: outcomes, ownShare: elapsed > 0 ? used.map { $0 / elapsed } : nil)
    }

    /// Decodes the answers that were kept, and compares them with the recorded ones where there are any.
    private func check(_ outcome: inout Outcome) {
        let manifest = outcome.subject.manifest
        let replay = Replay(
            signature: manifest.signature, tolerance: manifest.proof?.tolerance ?? .standard, task: manifest.task)
        for (index, answer) in outcome.record.samples.sorted(by: { $0.key < $1.key }) {
            outcome.checked += 1
            do throws(CodecError) {
                let outputs = try body.outputs(in: answer, signature: manifest.signature)
                if replay.agrees(outputs, with: outcome.subject.rows[index]) {
                    outcome.agreed += 1
                } else if outcome.firstDifference == nil {
                    outcome.firstDifference = "row \(index): another answer than was recorded"
                }
            } catch {
                if outcome.firstDifference == nil { outcome.firstDifference = "row \(index): \(error.message)" }
            }
        }
    }
}
