// SPDX-License-Identifier: Apache-2.0
internal import Foundation
package import ModelDomain

/// What was done with segments that time, or the limit of bytes, has passed.
package struct LogClearing: Sendable, Hashable {
    package var deletedSegments = 0
    package var deletedBytes = 0
    /// Bytes at the ends of segments that were not written to their end.
    package var cutBytes = 0
}

extension PredictionLog {
    /// What stands for a subject; `nil` for one of whom nothing is kept under a key.
    package func reference(of subject: String, in project: ProjectName) async throws -> SubjectReference? {
        await flush()
        return try await keyring.reference(of: Array(subject.utf8), in: project)
    }

    /// Destroys the key of a subject: what is kept under it cannot be read from now on.
    package func destroyKey(of subject: String, in project: ProjectName) async throws -> SubjectReference? {
        try await keyring.destroy(Array(subject.utf8), in: project)
    }

    /// Cuts off what a crash has left of blocks that were not whole. For the start, before anything is written.
    ///
    /// Only the newest segment of an endpoint can have such an end.
    package func mend() throws -> LogClearing {
        var clearing = LogClearing()
        var newest: [EndpointKey: (name: SegmentName, byteCount: Int)] = [:]
        for segment in try shelf.segments() {
            let key = EndpointKey(project: segment.name.project, endpoint: segment.name.endpoint)
            if newest[key].map({ $0.name < segment.name }) ?? true { newest[key] = segment }
        }
        for (name, byteCount) in newest.values {
            let end = try SegmentReader(name: name, shelf: shelf).blocks(checksPayloads: true).end
            guard end < byteCount else { continue }
            try shelf.cut(name, to: end)
            clearing.cutBytes += byteCount - end
        }
        return clearing
    }

    /// Deletes segments that are older than their endpoint keeps predictions, and the oldest of those that take more of the
    /// disk than they may.
    ///
    /// - Parameter settings: Of an endpoint; `nil` for one that is not there any more, whose log stays for the standard time.
    package func clear(
        at now: Timestamp, settings: (EndpointName, ProjectName) -> EndpointSettings?
    ) throws -> LogClearing {
        var clearing = LogClearing()
        let segments = Dictionary(grouping: try shelf.segments()) {
            EndpointKey(project: $0.name.project, endpoint: $0.name.endpoint)
        }
        for (key, all) in segments {
            let settings = settings(key.endpoint, key.project) ?? .standard
            let keptSince = now.microseconds - Int64(settings.logRetain.seconds) * 1_000_000
            var bytes = 0
            // The newest is written to.
            for (index, segment) in all.sorted(by: { $0.name > $1.name }).enumerated() {
                bytes += segment.byteCount
                let isPast = segment.name.begunAt + LogStream.segmentAge < keptSince
                guard index > 0, isPast || bytes > settings.logSize.bytes else { continue }
                try shelf.delete(segment.name)
                clearing.deletedSegments += 1
                clearing.deletedBytes += segment.byteCount
            }
        }
        return clearing
    }
}
