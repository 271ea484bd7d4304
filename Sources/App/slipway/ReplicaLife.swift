// SPDX-License-Identifier: Apache-2.0
import AccessControl
import Foundation
import InferenceServing
import Logging
import ModelDomain
import ModelRollouts
import PlatformReplicas
import StoreSQL

/// This server as one of several that share a registry: who it is, and what it does about what the others change.
struct ReplicaLife {
    let replicas: Replicas
    private let meetingPlace: MeetingPlace?

    init(in folder: DataFolder, meetingPlace: MeetingPlace?, service: InferenceService) {
        self.meetingPlace = meetingPlace
        replicas = Replicas(
            Replica(
                id: UUID().uuidString.lowercased(), host: ProcessInfo.processInfo.hostName, place: folder.place,
                processID: Int(getpid()), version: Product.version, schema: SQLSchema.sqlite.migrations.count),
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
        await replicas.live(hints: meetingPlace.hints) { pulse in
            if pulse.schema < SQLSchema.sqlite.migrations.count {
                // The last server that did not know the newer tables may have ended.
                try? await database.bringUpToDate(at: .now)
            }
            // A token that was revoked ends here as well; one that cannot be read is followed elsewhere.
            try? await authority.refresh()
            guard isReady() else { return }
            await rollouts.agree()
            await rollouts.catchUp(packing: packing)
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

/// Makes sure that rows and contents belong together, before either is used.
///
/// Rows in a file are in the data folder, as the contents are, and nobody else has both while a server has the lock.
/// - Parameter contents: The name that the folder has of its own, once it was claimed with a name.
/// - Throws: `RPL-003` when either belongs to another.
func requireUnion(
    of database: any SQLDatabase, in place: RegistryDatabase, with folder: DataFolder,
    claiming contents: (String) throws -> String
) async throws {
    if case .file = place, !folder.sharesContents { return }
    let placement = SQLPlacement(database: database)
    let platform = try await placement.platform(orElse: UUID().uuidString.lowercased())
    let names = try contents("\(platform) \(UUID().uuidString.lowercased())").split(separator: " ").map(String.init)
    guard names.count == 2, names[0] == platform else {
        throw Refusal(
            .contentsForeign, .conflict, "The contents in “\(folder.contents)” belong to another registry.",
            hint: "Start the server with the registry that they belong to, or with another folder: --contents.")
    }
    guard try await placement.contents(orElse: names[1]) == names[1] else {
        throw Refusal(
            .contentsForeign, .conflict,
            "The registry's contents are in another folder than “\(folder.contents)”.",
            hint: "Have all servers of one registry share one folder: `slipway serve --database URL --contents FOLDER`."
        )
    }
}
