// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization
import TestSupport

/// Asks the endpoint “scale” again and again, and keeps count of what it answers.
final class Load: Sendable {
    struct Result: Sendable {
        /// Answers by the factor of the version that gave them; by its negative status for any other.
        var counts: [Int: Int] = [:]
        var latencies = Latencies()
    }

    private let platform: RunningPlatform
    private let isOver = Atomic<Bool>(false)

    init(on platform: RunningPlatform) { self.platform = platform }

    func stop() { isOver.store(true, ordering: .relaxed) }

    /// Runs until ``stop()``.
    func run(callers: Int) async throws -> Result {
        try await withThrowingTaskGroup(of: Result.self) { group in
            for _ in 0..<callers { group.addTask { try await self.ask() } }
            return try await group.reduce(into: Result()) { total, part in
                total.counts.merge(part.counts, uniquingKeysWith: +)
                total.latencies.add(part.latencies)
            }
        }
    }

    private func ask() async throws -> Result {
        var result = Result()
        let clock = ContinuousClock()
        while !isOver.load(ordering: .relaxed) {
            let start = clock.now
            let reply = try await platform.post("/v1/endpoints/scale/predict", #"[{"values":[1]}]"#)
            result.latencies.add(clock.now - start)
            result.counts[ScaleModels.factor(in: reply) ?? -reply.status, default: 0] += 1
        }
        return result
    }
}

struct Latencies: Sendable, CustomStringConvertible {
    private var values: [Duration] = []

    mutating func add(_ value: Duration) { values.append(value) }
    mutating func add(_ others: Latencies) { values += others.values }

    /// As a client sees it that shares its machine with the server.
    var description: String {
        let sorted = values.sorted()
        func quantile(_ share: Double) -> String {
            guard !sorted.isEmpty else { return "–" }
            let value = sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
            return (value / .milliseconds(1)).formatted(.number.precision(.fractionLength(2)))
        }
        return "p50 \(quantile(0.5)) p99 \(quantile(0.99)) ms of \(sorted.count)"
    }
}
