// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Synchronization

/// A few threads that take work off one that waits for it.
///
/// Whoever hands work out does what nobody has begun yet itself, so that graphs in graphs never wait for one another.
final class SideThreads: Sendable {
    /// Started by the first who needs them. Branches often wait for processes, so there may be more of them than cores.
    static let shared = SideThreads(count: 8)

    private final class Job: Sendable {
        private let isTaken = Atomic<Bool>(false)
        private let body: @Sendable () -> Void
        private let done = DispatchSemaphore(value: 0)

        init(_ body: @escaping @Sendable () -> Void) { self.body = body }

        /// Runs it, unless somebody else does.
        func run() -> Bool {
            guard !isTaken.exchange(true, ordering: .acquiringAndReleasing) else { return false }
            body()
            done.signal()
            return true
        }

        func wait() { done.wait() }
    }

    private let waiting = Mutex<[Job]>([])
    private let bell = DispatchSemaphore(value: 0)

    private init(count: Int) {
        for number in 0..<count {
            let thread = Thread { [self] in
                while true {
                    bell.wait()
                    let job = waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                    _ = job?.run()
                }
            }
            thread.name = "branch-\(number)"
            thread.start()
        }
    }

    /// Runs all of them, the first one here, and returns when all have ended.
    func run(_ bodies: [@Sendable () -> Void]) {
        let jobs = bodies.dropFirst().map { Job($0) }
        waiting.withLock { $0 += jobs }
        for _ in jobs { bell.signal() }
        bodies.first?()
        for job in jobs where !job.run() { job.wait() }
    }
}

/// Whether the calling thread steps back behind others, which a thread that it starts would do for good.
func stepsBack() -> Bool {
    let kind: CInt = numericCast(PRIO_PROCESS.rawValue)
    return getpriority(kind, 0) > 0
}
