// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import ModelExecution
internal import Synchronization

/// The replicas of a platform, as one of them: says that it lives, sees what the others changed, and does alone what only
/// one may do.
///
/// A server whose registry is a file is the only one that can be: it waits for nobody, and tells nobody.
package final class Replicas: Sendable {
    /// How often a replica says that it lives.
    package static let interval: Duration = .seconds(3)
    /// How long a replica may be silent before its work goes to others.
    package static let patience: Duration = .seconds(15)
    /// How often it looks for changes of others.
    package static let pulseInterval: Duration = .seconds(1)
    /// The longest that a lease is made to last on. What hangs is not to keep the others from doing it.
    static let longestWork: Duration = .seconds(3600)

    private let store: (any ReplicaStore)?
    private let observe: @Sendable () -> [ObservedEndpoint]
    private let state: Mutex<State>
    private let turnstiles: [SingleWork: Turnstile]

    private struct State {
        var replica: Replica
        let startedAt: Timestamp
        /// What the others were told last.
        var told: [ObservedEndpoint]?
        /// What is done here alone.
        var leases: [Lease: Hold] = [:]
        var hasLeft = false
    }

    private struct Hold {
        let since: ContinuousClock.Instant
        /// Until when nobody else can have it, whatever becomes of the store.
        var end: ContinuousClock.Instant
    }

    /// - Parameters:
    ///   - store: `nil` where no other server can be.
    ///   - observe: What stands at the endpoints here.
    package init(
        _ replica: Replica, store: (any ReplicaStore)?, startedAt: Timestamp,
        observe: @escaping @Sendable () -> [ObservedEndpoint]
    ) {
        self.store = store
        self.observe = observe
        state = Mutex(State(replica: replica, startedAt: startedAt))
        turnstiles = Dictionary(uniqueKeysWithValues: SingleWork.allCases.map { ($0, Turnstile()) })
    }

    /// The only server of its platform, as tests and commands without a server have it.
    package static func single() -> Replicas {
        Replicas(
            Replica(id: "single", host: "localhost", place: "", processID: 0, version: "", schema: 0), store: nil,
            startedAt: Timestamp(microseconds: 0), observe: { [] })
    }

    /// Whether no other server can be.
    package var isAlone: Bool { store == nil }
    /// Of this process and no other.
    package var id: String { replica.id }
    /// The machine that this one runs on.
    package var host: String { replica.host }
    private var replica: Replica { state.withLock(\.replica) }

    // MARK: Being there

    /// - Returns: Its number, which no other present replica has.
    package func join() async throws -> UInt16 {
        guard let store else { return 0 }
        return try await store.join(replica)
    }

    /// Where this replica is reached; the others hear of it as of everything that is new.
    package func isReached(at url: String) {
        state.withLock { state in
            state.replica.url = url
            state.told = nil
        }
    }

    package func leave() async {
        state.withLock { $0.hasLeft = true }
        // One that cannot say so is lost a little later.
        try? await store?.leave(replica.id)
    }

    /// Whether another server lives, as far as can be told.
    package func hasOthers() async -> Bool {
        let own = replica.id
        return (try? await store?.replicas().contains { $0.isLive && $0.replica.id != own }) ?? !isAlone
    }

    /// The replicas that there are, this one among them.
    package func all() async throws -> [ReplicaRecord] {
        if let store { return try await store.replicas() }
        let (replica, startedAt) = state.withLock { ($0.replica, $0.startedAt) }
        return [
            ReplicaRecord(
                replica: replica, number: 0, startedAt: startedAt, silence: .zero, endpoints: observe(), work: [])
        ]
    }

    /// Says once that this replica lives, and has its leases last on.
    package func beat() async throws {
        guard let store else { return }
        // From before it was asked: the store counts from later.
        let start = ContinuousClock.now
        let end = start + Self.patience
        let endpoints = observe()
        let (replica, isNew, leases, hasLeft) = state.withLock { state in
            let leases = state.leases.filter { end - $0.value.since < Self.longestWork + Self.patience }
            return (state.replica, state.told != endpoints, Array(leases.keys), state.hasLeft)
        }
        guard !hasLeft else { return }
        let held = try await store.beat(
            replica, observing: isNew ? endpoints : nil, holding: leases, lasting: Self.patience)
        state.withLock { state in
            state.told = endpoints
            for lease in leases {
                // One that the store does not know any more is another's, at once.
                state.leases[lease]?.end = held.contains(lease) ? end : start
            }
        }
    }

    /// Beats, and looks for what others have changed, until the task is cancelled.
    ///
    /// - Parameters:
    ///   - hints: Yields when it is worth to look at once.
    ///   - changed: Called when the ledger has grown: whether what it tells of has come about here. If not, it is called again.
    ///   - care: Called after that, and every ``patience`` in any case: somebody may have died in the middle of something. It
    ///     may take long, and is not called again before it returns.
    ///   - report: Called when the store cannot be reached, and with `nil` when it can be again.
    package func live(
        hints: AsyncStream<Void>, changed: @escaping @Sendable (Pulse) async -> Bool,
        care: @escaping @Sendable () async -> Void,
        report: @escaping @Sendable ((any Error)?) -> Void
    ) async {
        guard let store else { return }
        await withTaskGroup(of: Void.self) { group in
            // Apart from what a change takes: proving a model may take minutes.
            group.addTask { [self] in
                var isLost = false
                while !Task.isCancelled {
                    do {
                        try await beat()
                        if isLost { report(nil) }
                        isLost = false
                    } catch {
                        if !isLost { report(error) }
                        isLost = true
                    }
                    try? await Task.sleep(for: Self.interval)
                }
            }
            let (changes, change) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
            group.addTask { [self] in
                var last: Pulse?
                for await _ in ticks(every: Self.pulseInterval, and: hints) {
                    // That it cannot be reached is said above.
                    guard let pulse = try? await store.pulse() else { continue }
                    if pulse != last, await changed(pulse) {
                        last = pulse
                        change.yield()
                    }
                    // What became of it here, the others need not wait for.
                    if observe() != state.withLock(\.told) { try? await beat() }
                }
                change.finish()
            }
            group.addTask {
                for await _ in ticks(every: Self.patience, and: changes) { await care() }
            }
        }
    }

    // MARK: Doing something alone

    /// Runs `body` while no other replica does work of the same kind, and nobody else here.
    ///
    /// What `body` writes is written only while that holds: ``Lease``.
    /// - Parameter waiting: How long to wait for another replica.
    /// - Throws: `RPL-001` when another goes on for longer.
    package func alone<Result: Sendable>(
        _ work: SingleWork, waiting: Duration = .zero, _ body: @Sendable () async throws -> Result
    ) async throws -> Result {
        guard let turnstile = turnstiles[work] else { preconditionFailure("every work has its turnstile") }
        return try await turnstile.pass { [self] in
            guard let store else { return try await body() }
            let lease = try await take(work, waiting: waiting, from: store)
            do {
                let result = try await Lease.$held.withValue(Lease.held + [lease]) { try await body() }
                await giveBack(lease, to: store)
                return result
            } catch {
                await giveBack(lease, to: store)
                throw error
            }
        }
    }

    /// For what no transaction guards: whether it is certain that nobody else has the present task's leases.
    ///
    /// - Throws: `RPL-002` when it is not.
    package func requireLeases() throws(ReplicaError) {
        let (leases, now) = (state.withLock(\.leases), ContinuousClock.now)
        for lease in Lease.held where leases[lease].map({ $0.end <= now }) ?? true { throw .leaseLost(lease.work) }
    }

    private func take(_ work: SingleWork, waiting: Duration, from store: any ReplicaStore) async throws -> Lease {
        let start = ContinuousClock.now
        while true {
            let now = ContinuousClock.now
            switch try await store.take(work, for: replica.id, lasting: Self.patience) {
            case .taken(let lease):
                state.withLock { $0.leases[lease] = Hold(since: now, end: now + Self.patience) }
                return lease
            case .isHeld(let host):
                guard ContinuousClock.now - start < waiting else { throw ReplicaError.isHeld(work, by: host) }
                try await Task.sleep(for: .milliseconds(250))
            }
        }
    }

    private func giveBack(_ lease: Lease, to store: any ReplicaStore) async {
        state.withLock { _ = $0.leases.removeValue(forKey: lease) }
        // One that cannot be given back ends by itself: nobody has it last on any more.
        try? await store.giveBack(lease, of: replica.id)
    }
}

/// Yields at once, then at least once in `interval`, and with every hint.
private func ticks(every interval: Duration, and hints: AsyncStream<Void>) -> AsyncStream<Void> {
    AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
        let timer = Task {
            while !Task.isCancelled {
                continuation.yield()
                try? await Task.sleep(for: interval)
            }
        }
        let listening = Task { for await _ in hints { continuation.yield() } }
        continuation.onTermination = { _ in
            timer.cancel()
            listening.cancel()
        }
    }
}
