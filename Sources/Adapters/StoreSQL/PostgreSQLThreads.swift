// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// A few threads, each with a connection of its own, that take turns at what waits: bodies block, and the threads of the
/// tasks must not.
///
/// `@unchecked Sendable`: `condition` guards everything below it.
final class PostgreSQLThreads: @unchecked Sendable {
    typealias Job = @Sendable (PostgreSQLSeat) -> Void

    private let condition = NSCondition()
    private var waiting: [Job] = []
    private var running: Int
    private var isClosed = false

    init(named name: String, count: Int, at target: PostgreSQLTarget, claim: ServerClaim? = nil) {
        running = count
        for index in 0..<count {
            let thread = Thread { [self] in work(PostgreSQLSeat(at: target, claim: claim)) }
            thread.name = "\(name)-\(index)"
            thread.start()
        }
    }

    /// Runs `body` on one of the threads.
    func perform<Result: Sendable>(
        _ body: @escaping @Sendable (PostgreSQLSeat) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let isTaken = append { seat in continuation.resume(with: Swift.Result { try body(seat) }) }
            if !isTaken { continuation.resume(throwing: StoreFailure(.refused)) }
        }
    }

    /// Takes nothing more. What waits is still done, and then the connections end.
    func takeNoMore() {
        condition.withLock {
            isClosed = true
            condition.broadcast()
        }
    }

    /// Takes nothing more, and waits for the connections to end, for a few seconds.
    func close() {
        takeNoMore()
        condition.withLock {
            let deadline = Date(timeIntervalSinceNow: 5)
            while running > 0, condition.wait(until: deadline) {}
        }
    }

    private func append(_ job: @escaping Job) -> Bool {
        condition.withLock {
            guard !isClosed else { return false }
            waiting.append(job)
            condition.signal()
            return true
        }
    }

    private func work(_ seat: PostgreSQLSeat) {
        while let job = next() { job(seat) }
        seat.leave()
        condition.withLock {
            running -= 1
            condition.broadcast()
        }
    }

    private func next() -> Job? {
        condition.withLock {
            while waiting.isEmpty {
                if isClosed { return nil }
                condition.wait()
            }
            return waiting.removeFirst()
        }
    }
}
