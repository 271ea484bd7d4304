// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// Threads of our own with one bounded queue, for work that must not hold an event loop or the shared pool.
///
/// `@unchecked Sendable`: `condition` guards everything below it.
package final class Lane: @unchecked Sendable {
    private let condition = NSCondition()
    private let capacity: Int
    private var waiting: [@Sendable () -> Void] = []
    private var next = 0
    private var isClosed = false

    /// - Parameter capacity: The most jobs that wait; one more is refused.
    package init(named name: String, threads: Int, capacity: Int) {
        self.capacity = capacity
        for index in 0..<threads {
            let thread = Thread { [self] in run() }
            thread.name = "\(name)-\(index)"
            thread.start()
        }
    }

    package var waitingCount: Int { condition.withLock { waiting.count - next } }

    /// - Returns: `false`, and does nothing, when the queue is full or closed.
    package func submit(_ job: @escaping @Sendable () -> Void) -> Bool {
        condition.withLock {
            guard !isClosed, waiting.count - next < capacity else { return false }
            waiting.append(job)
            condition.signal()
            return true
        }
    }

    /// Runs `job` on one of the threads.
    ///
    /// - Precondition: The lane has room: for callers that come one after another.
    package func perform<Result: Sendable>(_ job: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let taken = submit { continuation.resume(with: Swift.Result { try job() }) }
            if !taken { continuation.resume(throwing: CancellationError()) }
        }
    }

    /// Takes no more work; the threads end when what waits is done.
    package func close() {
        condition.withLock {
            isClosed = true
            condition.broadcast()
        }
    }

    private func run() {
        while let job = take() { job() }
    }

    private func take() -> (@Sendable () -> Void)? {
        condition.withLock {
            while waiting.count == next, !isClosed { condition.wait() }
            guard next < waiting.count else { return nil }
            let job = waiting[next]
            next += 1
            // Forgetting what was taken only now and then keeps taking O(1).
            if next == waiting.count || next > 256 {
                waiting.removeFirst(next)
                next = 0
            }
            return job
        }
    }
}
