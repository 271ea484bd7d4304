// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// Where replicas tell each other that they live, and agree on who does what. Every conforming type passes
/// `ReplicaStoreContract`. All times are those of one clock, the store's own.
package protocol ReplicaStore: Sendable {
    /// Enters a replica that has started.
    ///
    /// - Returns: Its number, which no other present replica has.
    func join(_ replica: Replica) async throws -> UInt16

    /// Says that a replica lives, and has its leases last on. One that was forgotten is entered again.
    ///
    /// - Parameter endpoints: What it has, where that has changed; `nil` where it has not.
    /// - Returns: Those of `leases` that it still has.
    func beat(
        _ replica: Replica, observing endpoints: [ObservedEndpoint]?, holding leases: [Lease], lasting: Duration
    ) async throws -> [Lease]

    /// Takes a replica out that ends, with all its leases.
    func leave(_ id: String) async throws

    /// Those that were heard of within a day, the first to start first; without those that are lost and have a successor at
    /// their place.
    func replicas() async throws -> [ReplicaRecord]

    func pulse() async throws -> Pulse

    /// Gives a lease to a replica, unless another holds it.
    func take(_ work: SingleWork, for id: String, lasting: Duration) async throws -> LeaseOutcome

    /// Lets others have it at once. Harmless for a lease that is lost already.
    func giveBack(_ lease: Lease, of id: String) async throws
}

/// What tells that something has changed, and costs next to nothing to ask.
package struct Pulse: Sendable, Hashable {
    /// The number of the newest entry of the ledger; every change has one.
    package let newestEntry: Int?
    /// The newest step of the tables that there is.
    package let schema: Int

    package init(newestEntry: Int?, schema: Int) {
        self.newestEntry = newestEntry
        self.schema = schema
    }
}

package enum LeaseOutcome: Sendable, Hashable {
    case taken(Lease)
    /// By the replica on this host, for as long as it is not lost.
    case isHeld(by: String)
}

/// What replicas refuse each other.
package enum ReplicaError: ExplainedError, Equatable {
    case isHeld(SingleWork, by: String)
    case leaseLost(SingleWork)

    package var explanation: Explanation {
        switch self {
        case .isHeld(let work, let host):
            Explanation(
                .workTaken, .conflict, "Another server does this at the moment: \(work.phrase), on \(host).",
                hint: "Try again when it is done; `slipway replica list` shows who does what.")
        case .leaseLost(let work):
            Explanation(
                .leaseLost, .conflict, "Another server has taken over what this one did: \(work.phrase).",
                hint: "Nothing more was changed here. `slipway replica list` shows who does it now.")
        }
    }
}

extension SingleWork {
    fileprivate var phrase: String {
        switch self {
        case .clearing: "clearing contents away"
        case .following: "deploying what aliases stand for"
        case .graphs: "bringing graphs up to date"
        case .alerts: "watching over all servers"
        }
    }
}
