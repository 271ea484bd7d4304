// SPDX-License-Identifier: Apache-2.0
internal import InferenceServing
internal import ModelDomain
internal import ModelExecution
internal import Synchronization

/// Keeping the models in memory within the budget: what is not used makes room for what is asked for.
///
/// What a version takes is measured: by how much the heap of the process has grown while it was loaded and replayed, and
/// never less than its files; bounded by their size where the process did something else meanwhile (``GrowthMeter``).
extension Rollouts {
    /// What is in memory, and what may be.
    package struct MemoryReport: Sendable {
        /// Of all loaded versions, engines that they share counted once.
        package let usedBytes: Int
        /// `nil` for no limit of our own.
        package let budgetBytes: Int?
    }

    package var memory: MemoryReport {
        let residents = platform.withLock { $0.residents(without: nil) }
        return MemoryReport(usedBytes: MemoryBudget.total(of: residents), budgetBytes: memoryBudget?.limit)
    }

    /// Makes room for a version that is about to be loaded, by the size of its files.
    ///
    /// - Returns: What ``release(_:)`` gives back once the version is in the table, or is not loaded after all.
    /// - Throws: `ENG-006` when it does not fit even alone with what may not go.
    func reserve(_ bundle: FetchedBundle, at endpoint: EndpointName, on device: ComputeDevice) async throws
        -> Reservation?
    {
        guard let memoryBudget else { return nil }
        let isOpen = loader.openEngine(of: bundle, on: device) != nil
        let needed = isOpen ? 0 : bundle.engineByteCount
        let (reservation, evicted) = platform.withLock { platform -> (Reservation?, [DrainingEndpoint]) in
            let residents = platform.residents(without: endpoint.rawValue)
            let needed = platform.promisedByteCount + needed
            guard let victims = memoryBudget.victims(for: needed, beside: residents) else { return (nil, []) }
            let number = platform.promise(isOpen ? 0 : bundle.engineByteCount, to: endpoint.rawValue)
            return (Reservation(number: number), platform.evict(victims))
        }
        guard let reservation else { throw noRoom(for: needed, at: endpoint) }
        await drain(evicted)
        return reservation
    }

    func release(_ reservation: Reservation?) {
        guard let reservation else { return }
        platform.withLock { _ = $0.promises.removeValue(forKey: reservation.number) }
    }

    /// Makes room for a version that is loaded, by what it takes, before it answers.
    ///
    /// - Throws: `ENG-006` when there is no room for it after all.
    func admit(_ live: LiveVersion, at endpoint: EndpointName, holding reservation: Reservation?) async throws {
        guard let memoryBudget, let reservation else { return }
        let newcomer = MemoryBudget.Resident(
            endpoint: endpoint.rawValue, memory: live.memory, engine: ObjectIdentifier(live.engine), lastUse: nil)
        let evicted = platform.withLock { platform -> [DrainingEndpoint]? in
            platform.promises[reservation.number]?.byteCount = 0
            let residents = platform.residents(without: endpoint.rawValue) + [newcomer]
            guard let victims = memoryBudget.victims(for: platform.promisedByteCount, beside: residents) else {
                return nil
            }
            platform.promises[reservation.number]?.byteCount = live.memory.total
            platform.promises[reservation.number]?.live = ObjectIdentifier(live)
            return platform.evict(victims)
        }
        guard let evicted else { throw noRoom(for: live.memory.total, at: endpoint) }
        await drain(evicted)
    }

    private func noRoom(for needed: Int, at endpoint: EndpointName) -> Refusal {
        let limit = memoryBudget?.limit ?? 0
        let kept = platform.withLock { platform in
            MemoryBudget.total(of: platform.residents(without: endpoint.rawValue).filter { $0.lastUse == nil })
        }
        return Refusal(
            .memoryShort, .memoryShort,
            "The model of “\(endpoint)” takes \(mebibytes(needed)), and the memory budget of \(mebibytes(limit)) has room "
                + "for \(mebibytes(max(0, limit - kept))) beside what is loaded eagerly.",
            hint: "Start the server with a larger --memory-budget, or let other endpoints load lazily.")
    }

    /// Nobody new reaches them; what they have accepted is answered, and nobody waits for that here.
    private func drain(_ evicted: [DrainingEndpoint]) async {
        guard !evicted.isEmpty else { return }
        await publish()
        for (endpoint, draining) in evicted {
            Task { [self] in
                var drained = await draining.end(within: drainLimit)
                while !drained.isMemoryReturned { drained = await draining.end(within: .seconds(60)) }
                note(.evicted, endpoint, draining.model, draining.version, "made room: \(drained.summary)")
                await returnMemorySoon()
            }
        }
    }

    /// What a load was promised.
    struct Reservation: Sendable { let number: Int }

    typealias DrainingEndpoint = (endpoint: EndpointName, version: DrainingVersion)
}

extension PlatformState {
    /// What is in memory, but for one endpoint whose version is about to be replaced.
    fileprivate func residents(without endpoint: String?) -> [MemoryBudget.Resident] {
        states.compactMap { name, state in
            guard name != endpoint, let live = state.live else { return nil }
            return MemoryBudget.Resident(
                endpoint: name, memory: live.memory, engine: ObjectIdentifier(live.engine),
                lastUse: state.record.settings.load == .lazy ? state.lastUse : nil)
        }
    }

    /// What was promised to versions that do not count by themselves yet.
    fileprivate var promisedByteCount: Int {
        promises.values.reduce(0) { sum, promise in
            let isThere =
                promise.live != nil && states[promise.endpoint]?.live.map(ObjectIdentifier.init) == promise.live
            return sum + (isThere ? 0 : promise.byteCount)
        }
    }

    fileprivate mutating func promise(_ byteCount: Int, to endpoint: String) -> Int {
        promiseCount += 1
        promises[promiseCount] = Promise(endpoint: endpoint, byteCount: byteCount)
        return promiseCount
    }

    /// Has endpoints go cold.
    fileprivate mutating func evict(_ names: [String]) -> [Rollouts.DrainingEndpoint] {
        names.compactMap { name in
            guard let before = states[name], let live = before.live else { return nil }
            states[name] = EndpointState(record: before.record, live: nil, isCold: true, after: before)
            return (before.record.name, DrainingVersion(live))
        }
    }
}

private func mebibytes(_ count: Int) -> String {
    let tenths = (Double(max(0, count)) / 104_857.6).rounded()
    return "\(tenths / 10) MiB"
}
