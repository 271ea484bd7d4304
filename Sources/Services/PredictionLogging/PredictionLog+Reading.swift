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
            try forEach(query, in: segment) { record in
                found.append(record)
                return true
            }
            // One more than is asked for would do: several segments are merged by time.
            found.sort { $0.place > $1.place }
            found = Array(found.prefix(limit))
        }
        return found
    }

    /// In microseconds: longer than any request takes.
    private static let longestLateness: Int64 = 86_400_000_000

    /// Hands out the records of a segment that are asked for, the oldest first.
    ///
    /// - Parameter body: Says whether to go on.
    /// - Returns: Whether it did to the end.
    @discardableResult
    func forEach(
        _ query: PredictionQuery, in segment: SegmentName, _ body: (PredictionRecord) throws -> Bool
    ) throws -> Bool {
        let keyHash = query.key.map { self.keyHash(of: $0, at: segment.endpoint, in: segment.project) }
        return try forEachRecord(in: segment, ofBlocks: { query.mayHave($0, keyHash: keyHash) }) {
            bytes, schema, keys in
            guard let record = RecordCoding.read(bytes, schema, keys: keys.key), query.takes(record) else {
                return true
            }
            return try body(record)
        }
    }

    /// Hands out what the blocks of a segment have that are meant, before it is read.
    @discardableResult
    func forEachRecord(
        in segment: SegmentName, ofBlocks isMeant: (BlockHead) -> Bool,
        _ body: (ArraySlice<UInt8>, LogSchema, BlockKeys) throws -> Bool
    ) throws -> Bool {
        let reader = SegmentReader(name: segment, shelf: shelf)
        let blocks = try reader.blocks().blocks
        let meant = blocks.filter { isMeant($0.head) }
        guard !meant.isEmpty else { return true }
        let schemas = try reader.schemas(of: blocks)
        for block in meant {
            // Damaged on the disk: what lies behind it is sound.
            guard let payload = try reader.payload(of: block) else { continue }
            let records = reader.entries(of: payload).filter { $0.kind == BlockEntry.record }
            let keys = BlockKeys(records.map(\.bytes), keyring)
            for entry in records {
                guard let schema = schemas[entry.number] else { continue }
                let goesOn = try body(entry.bytes, schema, keys)
                // Not to be taken for keys that are destroyed.
                if let problem = keys.problem { throw problem }
                guard goesOn else { return false }
            }
        }
        return true
    }

    /// What stands for a key in records that are sealed.
    func keyHash(of key: String, at endpoint: EndpointName, in project: ProjectName) -> String {
        ValueHash(secret: secret, endpoint, in: project).hash(Array(key.utf8))
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
