// SPDX-License-Identifier: Apache-2.0
internal import Foundation
package import ModelDomain

/// Predictions of one endpoint that were looked for together.
package struct PredictionsFound: Sendable {
    /// Of several with one id the first.
    package var byID: [PredictionID: PredictionRecord] = [:]
    /// Of several with one key the newest; keys are their bytes.
    package var byKey: [[UInt8]: PredictionRecord] = [:]

    package init() {}
}

extension PredictionLog {
    private static let lookupQueue = DispatchQueue(label: "prediction-log-lookup", qos: .utility)

    /// Looks for many predictions at once: each block that may have one of them is read once.
    ///
    /// What was recorded before is found, whether it is on disk by now or not.
    package func predictions(
        withIDs ids: Set<PredictionID>, keys: Set<[UInt8]>, of endpoint: EndpointName, in project: ProjectName
    ) async throws -> PredictionsFound {
        guard !ids.isEmpty || !keys.isEmpty else { return PredictionsFound() }
        await flush()
        return try await withCheckedThrowingContinuation { continuation in
            Self.lookupQueue.async { [self] in
                continuation.resume(
                    with: Result {
                        let hashes = keys.map {
                            keyHash(of: String(decoding: $0, as: UTF8.self), at: endpoint, in: project)
                        }
                        let wanted = LookedFor(ids: ids, keys: keys, keyHashes: hashes)
                        return try lookUp(wanted, of: endpoint, in: project)
                    })
            }
        }
    }

    /// Hands out records one after the other, a segment after the other, the newest segment first; inside of one the oldest
    /// record first.
    ///
    /// - Parameter body: Says whether to go on.
    package func scan<State: Sendable>(
        _ query: PredictionQuery, into state: State,
        _ body: @escaping @Sendable (inout State, PredictionRecord) throws -> Bool
    ) async throws -> State {
        await flush()
        return try await withCheckedThrowingContinuation { continuation in
            Self.lookupQueue.async { [self] in
                continuation.resume(
                    with: Result {
                        var state = state
                        try forEach(query) { try body(&state, $0) }
                        return state
                    })
            }
        }
    }

    /// The bundles that answered what the log has of an endpoint: read from what predictions have in common, and not from
    /// each of them.
    package func bundles(of endpoint: EndpointName, in project: ProjectName) async throws -> Set<Digest> {
        await flush()
        return try await withCheckedThrowingContinuation { continuation in
            Self.lookupQueue.async { [self] in
                continuation.resume(
                    with: Result {
                        let segments = try shelf.segments().map(\.name)
                            .filter { $0.endpoint == endpoint && $0.project == project }
                        return try segments.reduce(into: Set<Digest>()) { bundles, segment in
                            let reader = SegmentReader(name: segment, shelf: shelf)
                            bundles.formUnion(
                                try reader.schemas(of: reader.blocks().blocks).values.compactMap(\.bundle))
                        }
                    })
            }
        }
    }

    private func forEach(_ query: PredictionQuery, _ body: (PredictionRecord) throws -> Bool) throws {
        let segments = try shelf.segments().map(\.name).filter(query.mayHave).sorted(by: >)
        for segment in segments { guard try forEach(query, in: segment, body) else { return } }
    }

    private func lookUp(
        _ wanted: LookedFor, of endpoint: EndpointName, in project: ProjectName
    ) throws -> PredictionsFound {
        var found = PredictionsFound()
        let segments = try shelf.segments().map(\.name)
            .filter { $0.endpoint == endpoint && $0.project == project }.sorted(by: >)
        for segment in segments {
            try forEachRecord(in: segment, ofBlocks: wanted.mayBe) { bytes, schema, keys in
                if wanted.has(bytes), let record = RecordCoding.read(bytes, schema, keys: keys.key) {
                    found.take(record, wanted)
                }
                return true
            }
        }
        return found
    }
}

extension PredictionsFound {
    fileprivate mutating func take(_ record: PredictionRecord, _ wanted: LookedFor) {
        if wanted.ids.contains(record.id), byID[record.id].map({ record.time < $0.time }) ?? true {
            byID[record.id] = record
        }
        guard let key = record.key.map({ Array($0.utf8) }), wanted.keys.contains(key) else { return }
        if byKey[key].map({ $0.place < record.place }) ?? true { byKey[key] = record }
    }
}

/// What many predictions are looked for by, prepared so that a block or a record that has none of them is soon passed over.
private struct LookedFor {
    let ids: Set<PredictionID>
    let keys: Set<[UInt8]>
    /// With what stands for them in records that are sealed.
    private let writtenKeys: Set<[UInt8]>
    /// In microseconds, of the ids that say when they were made; ascending.
    private let times: [Int64]
    /// Of all ids and keys, as the filters of blocks have them.
    private let hashes: [UInt64]

    init(ids: Set<PredictionID>, keys: Set<[UInt8]>, keyHashes: [String]) {
        self.ids = ids
        self.keys = keys
        writtenKeys = keys.union(keyHashes.map { Array($0.utf8) })
        times = ids.compactMap { $0.milliseconds.map { $0 * 1000 } }.sorted()
        hashes = ids.map { KeyFilter.hash($0.bytes) } + writtenKeys.map { KeyFilter.hash($0) }
    }

    func mayBe(in head: BlockHead) -> Bool {
        guard head.recordCount > 0 else { return false }
        let earliest = head.earliest - 60_000_000
        var (low, high) = (0, times.count)
        while low < high {
            let middle = (low + high) / 2
            if times[middle] < earliest { low = middle + 1 } else { high = middle }
        }
        if low < times.count, times[low] <= head.latest + 60_000_000 { return true }
        return !head.filter.isEmpty && hashes.contains { KeyFilter.mayHave($0, head.filter) }
    }

    /// - Parameter bytes: Of a record.
    func has(_ bytes: ArraySlice<UInt8>) -> Bool {
        var scan = ByteScan(bytes)
        guard let high = scan.fixed(), let low = scan.fixed() else { return false }
        if ids.contains(PredictionID(high: high, low: low)) { return true }
        var front = ByteScan(bytes)
        guard !keys.isEmpty, RecordCoding.skipToKey(&front) != nil, let length = front.number(),
            let key = front.slice(length)
        else { return false }
        return !key.isEmpty && writtenKeys.contains(Array(key))
    }
}
