// SPDX-License-Identifier: Apache-2.0
import AccessControl
import Foundation
import InferenceServing
import Logging
import ModelDomain
import ModelRollouts
import PlatformReplicas
import StoreSQL
import Synchronization

/// This server as one of several that share a registry: who it is, and what it does about what the others change.
struct ReplicaLife {
    let replicas: Replicas
    private let meetingPlace: MeetingPlace?
    private static let graphInterval: Duration = .seconds(300)

    /// - Parameter place: The data folder's name.
    init(at place: String, meetingPlace: MeetingPlace?, service: InferenceService) {
        self.meetingPlace = meetingPlace
        replicas = Replicas(
            .ofThisProcess(at: place),
            store: meetingPlace.map { SQLReplicaStore(database: $0.database) }, startedAt: .now,
            observe: {
                service.table.endpoints.sorted { $0.key < $1.key }.map { ObservedEndpoint($0.value) }
            })
    }

    /// Lives, until the task is cancelled.
    ///
    /// - Parameter isReady: Whether the endpoints are back after the start: until then there is nothing to compare.
    func live(
        with rollouts: Rollouts, authority: TokenAuthority, packing: @escaping Rollouts.Packing, logger: Logger,
        isReady: @escaping @Sendable () -> Bool
    ) async {
        guard let meetingPlace else { return }
        let database = meetingPlace.database
        let graphsDue = Mutex(ContinuousClock.now + Self.graphInterval)
        await replicas.live(hints: meetingPlace.hints) { pulse in
            if pulse.schema < SQLSchema.sqlite.migrations.count {
                // The last server that did not know the newer tables may have ended.
                try? await database.bringUpToDate(at: .now)
            }
            // A token that was revoked ends here as well; one that cannot be read is followed elsewhere.
            try? await authority.refresh()
            guard isReady() else { return false }
            return await rollouts.agree()
        } care: {
            guard isReady() else { return }
            await rollouts.catchUp(packing: packing)
            await rollouts.agreeAfterFailures()
            let isDue = graphsDue.withLock { due in
                guard due <= .now else { return false }
                due = .now + Self.graphInterval
                return true
            }
            // Whoever had it to do may have died; every one of them is read for it.
            if isDue { await rollouts.updateGraphs() }
        } report: { error in
            guard let error else { return logger.notice("the other servers can be reached again") }
            logger.warning(
                "the registry's database cannot be reached: what answers goes on, and nothing can be changed",
                metadata: ["reason": "\(error)"])
        }
    }

    func end() async {
        await replicas.leave()
        try? meetingPlace?.database.close()
    }
}

extension Replica {
    /// - Parameter place: Of its data folder.
    static func ofThisProcess(at place: String) -> Replica {
        Replica(
            id: UUID().uuidString.lowercased(), host: ProcessInfo.processInfo.hostName, place: place,
            processID: Int(getpid()), version: Product.version, schema: SQLSchema.sqlite.migrations.count)
    }
}
