// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// Where contents that come in parts are kept between their beginning and their end, so that a part may reach another process
/// than the beginning did, or this one after it was started anew. Every conforming type passes `PartShelfContract`.
///
/// What was acknowledged is on disk. What an upload is about is nothing to the shelf: a small document, which comes back.
package protocol PartShelf: Sendable {
    /// Begins an upload.
    ///
    /// - Parameters:
    ///   - id: Any text that no other upload has.
    ///   - lifetime: After that it ends by itself.
    ///   - limit: How many may have begun and not ended. Completed ones are only remembered, and make room.
    /// - Returns: Whether there was room.
    func begin(_ id: String, _ document: [UInt8], lifetime: Duration, limit: Int) async throws -> Bool

    /// - Returns: `nil` when there is none, or it has ended.
    func upload(_ id: String) async throws -> ShelvedUpload?

    /// Keeps what `chunks` yields as a part, instead of what had its number before.
    ///
    /// - Parameter room: Of all parts together. One that is not larger than its share is taken without adding up the others.
    func add(
        _ number: Int, to id: String, in room: PartRoom,
        _ chunks: some AsyncSequence<[UInt8], any Error> & Sendable
    ) async throws -> PartOutcome

    /// Takes an open upload for one who joins its parts: nobody else gets it, and no part comes any more, until the claim is
    /// completed or let go of, also by the end of the process.
    ///
    /// - Returns: `nil` when it is not open.
    func claim(_ id: String) async throws -> (any PartClaim)?

    /// Removes an upload with all its parts; harmless when there is none.
    ///
    /// - Returns: `false` when somebody joins its parts just now, and it stays.
    func abort(_ id: String) async throws -> Bool

    /// Removes what has ended by itself.
    ///
    /// - Returns: In how long the next one ends; `nil` when there is none.
    func forgetEnded() async throws -> Duration?
}

package struct ShelvedUpload: Sendable, Equatable {
    package enum State: Sendable { case open, joining, completed }

    package let document: [UInt8]
    package let state: State

    package init(document: [UInt8], state: State) {
        self.document = document
        self.state = state
    }
}

/// How large the parts of an upload may be together, and how many there may be.
package struct PartRoom: Sendable {
    package let byteLimit: Int
    package let count: Int

    package init(byteLimit: Int, count: Int) {
        self.byteLimit = byteLimit
        self.count = count
    }
}

package enum PartOutcome: Sendable, Equatable {
    case kept(Digest)
    /// There is no room for it beside the others.
    case tooLarge
    /// The upload is not open any more.
    case closed
}

/// A part that is there as a whole.
package struct ShelvedPart: Sendable, Equatable {
    package let digest: Digest
    package let byteCount: Int

    package init(digest: Digest, byteCount: Int) {
        self.digest = digest
        self.byteCount = byteCount
    }
}

/// An upload in the hands of one who joins its parts. Let go of without being completed, it is open again.
package protocol PartClaim: AnyObject, Sendable {
    /// By number.
    func parts() async throws -> [Int: ShelvedPart]

    /// The bytes of a part piece by piece; each call gives the next, `nil` at the end.
    func pieces(of number: Int) async throws -> @Sendable () async throws -> [UInt8]?

    /// The upload is remembered as completed from then on, and its parts are gone.
    func complete() async throws
}
