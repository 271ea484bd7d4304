// SPDX-License-Identifier: Apache-2.0
import Foundation
import InferenceServing
import ModelDomain

/// The other side of ``Handover``: what this process has from the server that it follows.
final class TakeOver: Sendable {
    let lock: DataFolder.Lock
    /// What the other claims the registry's database with, where that is a number of its own.
    let databaseClaim: Int32?
    private let socketDescriptors: [CInt]
    private let peer: LocalSocket
    private let predecessor: Int

    private init(lock: DataFolder.Lock, sockets: [CInt], peer: LocalSocket, predecessor: DataFolder.RunningServer?) {
        self.lock = lock
        databaseClaim = predecessor?.databaseClaim
        socketDescriptors = sockets
        self.peer = peer
        self.predecessor = predecessor?.processID ?? 0
    }

    /// Asks the server of a data folder. It goes on serving, and changes there wait.
    ///
    /// - Returns: `nil` when none runs.
    /// - Throws: `SYS-010` when one runs that cannot be followed now.
    static func begin(in folder: DataFolder) async throws -> TakeOver? {
        guard folder.isLocked else { return nil }
        guard let peer = LocalSocket.connect(to: DataFolder.handoverName, in: folder.path) else {
            throw refusal("The server of “\(folder.path)” does not hand over: it is starting, stopping, or older.")
        }
        // A deployment that is under way there is finished first.
        peer.setPatience(.seconds(300))
        peer.send("take-over", Handover.version)
        guard let answer = await onThread({ peer.receive() }), answer.words == ["sockets"],
            (2...3).contains(answer.descriptors.count)
        else { throw refusal("The server of “\(folder.path)” did not hand its socket over.") }
        let lock = folder.lock(inherited: answer.descriptors[0])
        // Until the other has let go, the announcement is its own.
        lock.handOn()
        return TakeOver(
            lock: lock, sockets: Array(answer.descriptors.dropFirst()), peer: peer,
            predecessor: folder.runningServer())
    }

    func socket() throws -> ListeningSocket { try socket(socketDescriptors[0]) }

    /// The second one, where there is one.
    func grpcSocket() throws -> ListeningSocket? { try socketDescriptors.dropFirst().first.map(socket) }

    private func socket(_ descriptor: CInt) throws -> ListeningSocket {
        guard let socket = ListeningSocket(descriptor) else {
            throw Self.refusal("What the other server handed over is no socket that listens.")
        }
        return socket
    }

    /// Says that this process can answer. When this returns the other stops to accept connections.
    ///
    /// - Parameter table: What answers here; `nil` when that cannot be known before the other has let go.
    /// - Throws: `SYS-010` when the other does not let go, because fewer endpoints would answer here than there; it goes
    ///   on serving then, unless it was stopped.
    func complete(with table: ServingTable?) async throws {
        peer.setPatience(.seconds(30))
        peer.send("ready", "\(table?.readyCount ?? .max)")
        guard await onThread({ [peer] in peer.receive() })?.words == ["yours"] else {
            let problems = (table?.endpoints ?? [:]).sorted { $0.key < $1.key }.compactMap { name, state in
                state.problem.map { Explanation.Detail(name, $0.message) }
            }
            throw Self.refusal(
                problems.isEmpty
                    ? "The other server did not let go."
                    : "Fewer endpoints would answer here than in the other server.",
                details: problems)
        }
        lock.keep()
    }

    /// Waits until the other has answered what it accepted, and has ended.
    func predecessorsEnd() async -> DataFolder.Predecessor? {
        peer.setPatience(.seconds(24 * 3600))
        guard let words = await onThread({ [peer] in peer.receive() })?.words, words.first == "drained",
            words.count == 3, let accepted = Int(words[1]), let answered = Int(words[2])
        else { return nil }
        return .init(processID: predecessor, accepted: accepted, answered: answered)
    }

    private static func refusal(_ message: String, details: [Explanation.Detail] = []) -> Refusal {
        Refusal(
            .takeOverFailed, .unavailable, message,
            hint: "It goes on serving. To restart all the same, with a gap: `slipway stop`, then `slipway serve`.",
            details: details)
    }
}
