// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// Parts of an upload one after the other, each compared with its digest.
package struct JoinedParts: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = any Error

    private let claim: any PartClaim
    private let digests: [Digest]

    /// - Parameter digests: Of the parts from the first on, which has the number 1.
    package init(of claim: any PartClaim, _ digests: [Digest]) {
        self.claim = claim
        self.digests = digests
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let claim: any PartClaim
        fileprivate let digests: [Digest]
        private var joined = 0
        private var current: (@Sendable () async throws -> [UInt8]?)?
        private var hasher = DigestHasher()

        fileprivate init(_ claim: any PartClaim, _ digests: [Digest]) {
            self.claim = claim
            self.digests = digests
        }

        package mutating func next() async throws -> [UInt8]? {
            while joined < digests.count {
                if current == nil { current = try await claim.pieces(of: joined + 1) }
                if let piece = try await current?() {
                    hasher.update(piece)
                    return piece
                }
                guard hasher.finish() == digests[joined] else {
                    throw Refusal(
                        .contentDiffers, .conflict, "A part of the upload has changed on disk.", hint: "Send it again.")
                }
                (hasher, current) = (DigestHasher(), nil)
                joined += 1
            }
            return nil
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(claim, digests) }
}
