// SPDX-License-Identifier: Apache-2.0
import Foundation
import InferenceServing
import ModelRollouts
import Synchronization

/// Hands this server's work over to a process that follows it: the socket that it listens on and the lock of the data
/// folder, both as they are, so that no connection is refused and nobody else gets the folder in between.
///
/// The follower says `take-over 2`, and gets `sockets` with the descriptors of both (the lock's first, then the sockets'); it loads and proves everything while this
/// server goes on. Then it says `ready` with the number of endpoints that have what is wanted of them, and gets `yours`,
/// unless there are fewer than here. Until there, when either side ends, nothing has changed. At its end this server says
/// `drained`, with what it accepted and answered.
final class Handover: Sendable {
    /// Changes when a program of another version could not follow.
    static let version = "2"

    private let folder: DataFolder
    private let lock: DataFolder.Lock
    private let rollouts: Rollouts
    private let service: InferenceService
    private let state = Mutex(State())

    private struct State {
        var door: LocalSocket?
        var follower: LocalSocket?
        var isEnding = false
    }

    init(folder: DataFolder, lock: DataFolder.Lock, rollouts: Rollouts, service: InferenceService) {
        self.folder = folder
        self.lock = lock
        self.rollouts = rollouts
        self.service = service
    }

    /// Waits for whoever asks, until one has taken over, or this server ends.
    ///
    /// - Parameters:
    ///   - ports: Where this server listens.
    ///   - pause: Takes no more connections; called before the follower does.
    ///   - end: Called when the follower answers.
    func serve(
        ports: [Int], pause: @escaping @Sendable () async -> Void, end: @escaping @Sendable () async -> Void
    ) async {
        guard let door = LocalSocket.listen(as: DataFolder.handoverName, in: folder.path) else { return }
        let isEnding = state.withLock {
            $0.door = door
            return $0.isEnding
        }
        guard !isEnding else { return }
        while let follower = await onThread({ door.accept() }) {
            let isEnding = state.withLock {
                $0.follower = follower
                return $0.isEnding
            }
            guard !isEnding else { return }
            if await handOver(to: follower, ports: ports, pause, end) { return }
            state.withLock { if !$0.isEnding { $0.follower = nil } }
        }
    }

    private func handOver(
        to follower: LocalSocket, ports: [Int], _ pause: @escaping @Sendable () async -> Void,
        _ end: @escaping @Sendable () async -> Void
    ) async -> Bool {
        follower.setPatience(.seconds(5))
        let sockets = ports.compactMap(ListeningSocket.ofThisProcess(port:))
        guard await onThread({ follower.receive() })?.words == ["take-over", Self.version],
            sockets.count == ports.count
        else {
            follower.send("no")
            return false
        }
        let isDone = Atomic<Bool>.Shared(false)
        try? await rollouts.handOver { [self] in
            // For as long as loading and proving may take.
            follower.setPatience(.seconds(1800))
            guard follower.send("sockets", descriptors: [lock.descriptor] + sockets.map(\.descriptor)),
                let words = await onThread({ follower.receive() })?.words, words.count == 2, words[0] == "ready",
                let ready = Int(words[1]), ready >= service.table.readyCount, !state.withLock(\.isEnding)
            else {
                follower.send("no")
                return false
            }
            lock.handOn()
            await pause()
            // First: with nothing to answer this process may end at once.
            follower.send("yours")
            await end()
            isDone.set(true)
            return true
        }
        return isDone.value
    }

    /// Tells a follower how this server ended, and waits for none any more.
    func end(_ counts: Ending.Counts) {
        let (door, follower) = state.withLock { state in
            state.isEnding = true
            return (state.door, state.follower)
        }
        door?.interrupt()
        // A follower has one of its own there.
        if lock.isOurs { unsafe unlink("\(folder.path)/\(DataFolder.handoverName)") }
        follower?.send("drained", "\(counts.accepted)", "\(counts.answered)")
        follower?.interrupt()
    }
}

extension ServingTable {
    /// Endpoints that answer with the version that is wanted there.
    var readyCount: Int { endpoints.values.count { $0.answers && $0.problem == nil } }
}

extension Atomic where Value == Bool {
    /// One that closures can share.
    final class Shared: Sendable {
        private let atomic: Atomic<Bool>
        init(_ value: Bool) { atomic = Atomic(value) }
        var value: Bool { atomic.load(ordering: .acquiring) }
        func set(_ value: Bool) { atomic.store(value, ordering: .releasing) }
    }
}

/// Runs what blocks on a thread of its own.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
        Thread { continuation.resume(returning: body()) }.start()
    }
}
