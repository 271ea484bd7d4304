// SPDX-License-Identifier: Apache-2.0
internal import Foundation
package import ModelDomain

extension PredictionLog {
    /// Reading is slow, and not for the threads that answer.
    private static let queue = DispatchQueue(label: "prediction-log-reading", qos: .utility)

    /// Predictions, newest first.
    ///
    /// - Parameters:
    ///   - limit: The most.
    ///   - isVisible: Whether who asks may see an endpoint's.
    package func records(
        _ query: PredictionQuery, limit: Int,
        isVisible: @escaping @Sendable (EndpointName, ProjectName) -> Bool = { _, _ in true }
    ) async throws -> [PredictionRecord] {
        await flush()
        return try await withCheckedThrowingContinuation { continuation in
            Self.queue.async { [self] in
                continuation.resume(with: Result { try find(query, limit: limit, isVisible) })
            }
        }
    }

    private func find(
        _ query: PredictionQuery, limit: Int, _ isVisible: (EndpointName, ProjectName) -> Bool
    ) throws -> [PredictionRecord] {
        let segments = try shelf.segments().map(\.name)
            .filter { query.mayHave($0) && isVisible($0.endpoint, $0.project) && $0.begunAt <= query.latestBeginning }
            .sorted { $0.begunAt > $1.begunAt }
        var found: [PredictionRecord] = []
        for segment in segments {
            // A segment's records came at most so long before it was begun.
            if found.count >= limit, let oldest = found.last,
                oldest.time.microseconds > segment.begunAt + LogStream.segmentAge + Self.longestLateness
            {
                break
            }
            found += try matching(query, in: segment)
            // One more than is asked for would do: several segments are merged by time.
            found.sort { $0.place > $1.place }
            found = Array(found.prefix(limit))
        }
        return found
    }

    /// In microseconds: longer than any request takes.
    private static let longestLateness: Int64 = 86_400_000_000

    private func matching(_ query: PredictionQuery, in segment: SegmentName) throws -> [PredictionRecord] {
        let reader = SegmentReader(name: segment, shelf: shelf)
        let blocks = try reader.blocks().blocks
        let meant = blocks.filter { query.mayHave($0.head) }
        guard !meant.isEmpty else { return [] }
        let schemas = try reader.schemas(of: blocks)
        var found: [PredictionRecord] = []
        for block in meant {
            // Damaged on the disk: what lies behind it is sound.
            guard let payload = try reader.payload(of: block) else { continue }
            for entry in reader.entries(of: payload) where entry.kind == BlockEntry.record {
                guard let schema = schemas[entry.number], let record = RecordCoding.read(entry.bytes, schema),
                    query.takes(record)
                else { continue }
                found.append(record)
            }
        }
        return found
    }
}

extension PredictionRecord {
    package var place: PredictionQuery.Place { PredictionQuery.Place(time: time, id: id) }
}

extension PredictionQuery {
    /// A segment that was begun later has nothing that is meant.
    fileprivate var latestBeginning: Int64 {
        let end = times.upperBound
        return end > .max - 86_400_000_000 ? .max : end + 86_400_000_000
    }
}
