// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain
internal import ModelExecution

/// The processes of one model: who is free, and a thread that starts them, starts them again, and looks after those that
/// have nothing to do.
///
/// `@unchecked Sendable`: `condition` guards everything below it.
final class WorkerPool: @unchecked Sendable {
    /// After so many failed starts in a row requests no longer wait for the next one.
    private static let patience = 3
    private static let pingNanoseconds = 15_000_000_000

    /// Starts a process, has it load the model, and makes sure that it answers as the first one did.
    private let start: @Sendable () throws(EngineError) -> WorkerProcess
    private let maximum: Int
    private let log: @Sendable (String) -> Void

    private let condition = NSCondition()
    private var idle: [(process: WorkerProcess, since: Moment)] = []
    /// Processes that are there, idle or not.
    private var count = 0 { didSet { recovering.isUnderway = count == 0 } }
    private var recovering = EngineRecovery()
    private var waiting = 0
    private var failedStarts = 0
    private var lastFailure: EngineError?
    private var nextStart = Moment(nanoseconds: 0)
    private var isClosed = false

    /// - Parameter first: A process that has loaded the model.
    init(
        first: WorkerProcess, maximum: Int, log: @escaping @Sendable (String) -> Void,
        start: @escaping @Sendable () throws(EngineError) -> WorkerProcess
    ) {
        self.maximum = max(1, maximum)
        self.log = log
        self.start = start
        idle = [(first, .now)]
        count = 1
        let thread = Thread { [self] in supervise() }
        thread.name = "worker-keeper"
        thread.stackSize = 1 << 19
        thread.start()
    }

    var recovery: EngineRecovery { condition.withLock { recovering } }

    /// A free process, for the caller alone until it is given back or lost.
    ///
    /// - Throws: ``EngineError/deadlinePassed``, ``EngineError/workerUnavailable(reason:)``.
    func take(until deadline: Moment) throws(EngineError) -> WorkerProcess {
        let outcome = condition.withLock { () -> Result<WorkerProcess, EngineError> in
            while true {
                // The one that was used last: its memory is warm, and the others may come to rest.
                if let last = idle.popLast() { return .success(last.process) }
                if isClosed { return .failure(.workerUnavailable(reason: "the version is being unloaded")) }
                if failedStarts >= Self.patience, count == 0 {
                    // Of whatever kind the failure was: it is not the caller's.
                    return .failure(
                        .workerUnavailable(reason: lastFailure?.explanation.message ?? "it does not start"))
                }
                let left = deadline.since(.now)
                guard left > 0 else { return .failure(.deadlinePassed) }
                waiting += 1
                condition.broadcast()
                _ = condition.wait(until: Date(timeIntervalSinceNow: min(Double(left) / 1e9, 3600)))
                waiting -= 1
            }
        }
        return try outcome.get()
    }

    func give(_ process: WorkerProcess) {
        condition.withLock {
            idle.append((process, .now))
            condition.broadcast()
        }
    }

    /// Ends a process that is of no more use, and has another one started at once: it had answered as it should, so
    /// that a request is to blame, and others must not wait for it.
    ///
    /// - Returns: How it ended, in words.
    @discardableResult
    func lose(_ process: WorkerProcess, because reason: String? = nil) -> String {
        let how = process.end()
        log("process \(process.process) is gone: \(reason ?? how)")
        condition.withLock {
            count -= 1
            recovering.losses += 1
            condition.broadcast()
        }
        return how
    }

    /// Ends all processes. One that works ends when it is given back.
    func close() {
        condition.withLock {
            isClosed = true
            condition.broadcast()
        }
    }

    private enum Task {
        case start
        case ping(WorkerProcess)
        case end([WorkerProcess])
    }

    private func supervise() {
        while true {
            switch nextTask() {
            case .start: startOne()
            case .ping(let process):
                if process.isAlive(until: Moment.now.after(5_000_000_000)) {
                    give(process)
                } else {
                    lose(process)
                }
            case .end(let processes):
                for process in processes { process.end(gently: true) }
                let isDone = condition.withLock { () -> Bool in
                    count -= processes.count
                    return count == 0
                }
                if isDone { return }
            }
        }
    }

    private func nextTask() -> Task {
        condition.withLock {
            while true {
                let now = Moment.now
                if isClosed, !idle.isEmpty || count == 0 {
                    defer { idle = [] }
                    return .end(idle.map(\.process))
                }
                let isShort = count == 0 || (waiting > 0 && idle.isEmpty && count < maximum)
                if !isClosed, isShort, nextStart <= now { return .start }
                if !isClosed, let first = idle.first, now.since(first.since) > Self.pingNanoseconds {
                    return .ping(idle.removeFirst().process)
                }
                let next = isShort ? min(nextStart, now.after(5_000_000_000)) : now.after(5_000_000_000)
                _ = condition.wait(until: Date(timeIntervalSinceNow: Double(max(0, next.since(now))) / 1e9))
            }
        }
    }

    private func startOne() {
        do throws(EngineError) {
            let process = try start()
            condition.withLock {
                count += 1
                failedStarts = 0
                lastFailure = nil
                idle.append((process, .now))
                condition.broadcast()
            }
            log("process \(process.process) has taken over")
        } catch {
            log("it does not start: \(error.explanation.message)")
            condition.withLock {
                failedStarts += 1
                lastFailure = error
                nextStart = Moment.now.after(pause(after: failedStarts))
                condition.broadcast()
            }
        }
    }
}

/// 0.1 s after the first start that failed, doubling up to 30 s.
private func pause(after failedStarts: Int) -> Int {
    min(30_000_000_000, 100_000_000 << min(failedStarts - 1, 20))
}
