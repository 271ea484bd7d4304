// SPDX-License-Identifier: Apache-2.0
internal import Dispatch
internal import Foundation
internal import Synchronization

/// A thread for work that blocks, and must hold neither an event loop nor the threads of the tasks; or a few that share the
/// work. Jobs are taken up in the order in which they came.
final class OwnThread: Sendable {
    private let jobs = Jobs()

    /// - Parameter niceness: How far the thread steps back behind the others of the process. For good: a process without
    ///   privileges may only go further.
    init(named name: String, count: Int = 1, niceness: CInt = 0) {
        for _ in 0..<count {
            let isStarted = DispatchSemaphore(value: 0)
            let thread = Thread { [jobs] in
                // The system learns it from the thread itself only, and only once `start` has returned.
                isStarted.wait()
                Thread.current.name = name
                // In Linux this is the thread's own. Of one that it starts it would be, too: so jobs start none.
                let kind: CInt = numericCast(PRIO_PROCESS.rawValue)
                if niceness > 0 { setpriority(kind, 0, getpriority(kind, 0) + niceness) }
                while let job = jobs.next() { job() }
            }
            thread.start()
            isStarted.signal()
        }
    }

    deinit { jobs.close() }

    /// Runs `body` there, and waits for it. Not for what runs there itself.
    func wait<Result: Sendable>(for body: @escaping @Sendable () -> Result) -> Result {
        let done = DispatchSemaphore(value: 0)
        let result = Mutex<Result?>(nil)
        submit {
            let found = body()
            result.withLock { $0 = found }
            done.signal()
        }
        done.wait()
        guard let found = result.withLock(\.self) else { preconditionFailure("the job has run") }
        return found
    }

    func submit(_ job: @escaping @Sendable () -> Void) { jobs.append(job) }

    /// Runs `body` there.
    ///
    /// - Parameter other: Where the task is taken up again. Taking a task up may start a thread for it, which is then as
    ///   nice as the one that does so.
    func perform<Result: Sendable>(
        resumingOn other: OwnThread? = nil, _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            submit {
                let result = Swift.Result { try body() }
                guard let other else { return continuation.resume(with: result) }
                other.submit { continuation.resume(with: result) }
            }
        }
    }
}

/// `@unchecked Sendable`: `condition` guards everything below it.
private final class Jobs: @unchecked Sendable {
    private let condition = NSCondition()
    private var waiting: [@Sendable () -> Void] = []
    private var isClosed = false

    func append(_ job: @escaping @Sendable () -> Void) {
        condition.withLock {
            waiting.append(job)
            condition.signal()
        }
    }

    /// Waits for the next one; `nil` when there will not be any more.
    func next() -> (@Sendable () -> Void)? {
        condition.withLock {
            while waiting.isEmpty, !isClosed { condition.wait() }
            return waiting.isEmpty ? nil : waiting.removeFirst()
        }
    }

    func close() {
        condition.withLock {
            isClosed = true
            condition.broadcast()
        }
    }
}
