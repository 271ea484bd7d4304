// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// A part of a content that comes in several, kept aside by a ``BlobStore`` until the last holder lets go of it, or the next
/// start. It is no content, and nobody finds it.
package protocol StagedPart: AnyObject, Sendable {
    var digest: Digest { get }
    var byteCount: Int { get }

    /// Its bytes piece by piece; each call gives the next, `nil` at the end.
    ///
    /// - Throws: `REG-007` when it is not there any more: a server that follows this one has swept it away.
    func pieces() async throws -> @Sendable () async throws -> [UInt8]?
}

/// Parts one after the other, each compared with its digest.
package struct JoinedParts: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = any Error

    private let parts: [any StagedPart]

    package init(_ parts: [any StagedPart]) { self.parts = parts }

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var parts: ArraySlice<any StagedPart>
        fileprivate var current: (@Sendable () async throws -> [UInt8]?)?
        private var hasher = DigestHasher()

        fileprivate init(_ parts: [any StagedPart]) { self.parts = parts[...] }

        package mutating func next() async throws -> [UInt8]? {
            while let part = parts.first {
                if current == nil { current = try await part.pieces() }
                if let piece = try await current?() {
                    hasher.update(piece)
                    return piece
                }
                guard hasher.finish() == part.digest else {
                    throw Refusal(
                        .contentDiffers, .conflict, "A part of the upload has changed on disk.", hint: "Send it again.")
                }
                (hasher, current) = (DigestHasher(), nil)
                parts = parts.dropFirst()
            }
            return nil
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(parts) }
}
