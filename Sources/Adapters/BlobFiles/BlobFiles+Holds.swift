// SPDX-License-Identifier: Apache-2.0
internal import ContentRetention
internal import Foundation
package import ModelDomain

/// What is held, as one small file for each who holds something, named by the digest of who that is:
///
/// ```
/// slipway.hold/1
/// 1700000000000000                  the end, in microseconds
/// 12ab…                             a content a line
/// 9c01…                             the digest of all above
/// ```
extension BlobFiles: ContentHolds {
    private static let heading = "slipway.hold/1"

    package func hold(_ contents: Set<Digest>, as id: String, until end: Timestamp) async throws {
        var text = "\(Self.heading)\n\(end.microseconds)\n"
        for content in contents.sorted() { text += content.hex + "\n" }
        let bytes = Array(text.utf8)
        let note = bytes + Array("\(Digest(of: bytes).hex)\n".utf8)
        try await onQueue { try replaceFile(holdPath(id), with: note) }
    }

    package func release(_ id: String) async throws { try await onQueue { removeFile(holdPath(id)) } }

    package func contents(heldAs id: String, at time: Timestamp) async throws -> Set<Digest>? {
        try await onQueue {
            guard let hold = try readHold(holdPath(id)), hold.end > time else { return nil }
            return hold.contents
        }
    }

    package func held(at time: Timestamp) async throws -> Set<Digest> {
        try await onQueue {
            var held: Set<Digest> = []
            // What has another name is none of ours.
            for name in try names(in: "\(folder)/held") where Digest(name) != nil {
                let path = "\(folder)/held/\(name)"
                // One that is gone was let go of since it was listed.
                guard let hold = try readHold(path) else { continue }
                if hold.end > time { held.formUnion(hold.contents) } else { try forget(path, at: time) }
            }
            return held
        }
    }

    private func forget(_ path: String, at time: Timestamp) throws {
        try order.alone {
            // It may have been taken anew.
            guard let hold = try readHold(path), hold.end <= time else { return }
            removeFile(path)
        }
    }

    /// - Throws: `RET-001` for a file that is not what was written.
    private func readHold(_ path: String) throws -> (contents: Set<Digest>, end: Timestamp)? {
        guard let bytes = try OpenFile(reading: path)?.rest() else { return nil }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        // The last one ends with a line break, and its digest, of 64 digits, stands for all before.
        let contents = lines.dropFirst(2).dropLast(2).compactMap { Digest($0) }
        guard lines.count >= 4, lines.first == Self.heading, lines.last == "", let end = Int64(lines[1]),
            contents.count == lines.count - 4, lines[lines.count - 2] == Digest(of: bytes.dropLast(65)).hex
        else {
            throw Refusal(
                .sweepStopped, .conflict, "It cannot be read which contents somebody holds, so none is moved.",
                hint:
                    "Whoever it was is done in a day: delete contents/held/\((path as NSString).lastPathComponent) then."
            )
        }
        return (Set(contents), Timestamp(microseconds: end))
    }

    private func holdPath(_ id: String) -> String { "\(folder)/held/\(Digest(of: id.utf8).hex)" }
}
