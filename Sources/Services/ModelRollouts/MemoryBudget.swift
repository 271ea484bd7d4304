// SPDX-License-Identifier: Apache-2.0
internal import InferenceServing
internal import ModelExecution

/// What of the loaded models goes when they take more memory than they may: the rules, as a value.
struct MemoryBudget {
    /// A version in memory.
    struct Resident {
        /// Of the endpoint where it answers.
        let endpoint: String
        let memory: MemoryUse
        /// Tells engines apart that are shared.
        let engine: ObjectIdentifier
        /// Whether it may go: of those that stay whatever happens, it is not asked when they were used.
        let lastUse: Moment?
    }

    let limit: Int

    /// What residents take together: an engine that several share counts once.
    static func total(of residents: [Resident]) -> Int {
        var engines: [ObjectIdentifier: Int] = [:]
        var total = 0
        for resident in residents {
            total += resident.memory.own
            engines[resident.engine] = max(engines[resident.engine] ?? 0, resident.memory.engine)
        }
        return engines.values.reduce(total, +)
    }

    /// The endpoints that have to go, the least recently used first, so that `needed` bytes more fit.
    ///
    /// - Returns: `nil` when they would not fit even then; nobody goes for nothing.
    func victims(for needed: Int, beside residents: [Resident]) -> [String]? {
        var total = Self.total(of: residents) + needed
        guard total > limit else { return [] }
        var users: [ObjectIdentifier: Int] = [:]
        for resident in residents { users[resident.engine, default: 0] += 1 }
        var victims: [String] = []
        let leavable = residents.compactMap { resident in resident.lastUse.map { (resident, $0) } }
        for (resident, _) in leavable.sorted(by: { $0.1 < $1.1 }) {
            victims.append(resident.endpoint)
            users[resident.engine, default: 0] -= 1
            total -= resident.memory.own + (users[resident.engine] == 0 ? resident.memory.engine : 0)
            if total <= limit { return victims }
        }
        return nil
    }
}
