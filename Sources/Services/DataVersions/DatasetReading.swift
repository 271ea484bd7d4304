// SPDX-License-Identifier: Apache-2.0
package import DataTables
package import ModelDomain
internal import Tensors

/// A file that was read and is described: what is needed to add it as a version.
package struct ReadDataset: Sendable {
    package let file: any DataFile
    package let manifest: DatasetManifest
    /// ``DatasetManifest/rows``.
    package let rowDigests: [UInt8]

    /// Reads `file` twice: first for what its columns hold and where its pieces end, then for its profile.
    ///
    /// - Parameters:
    ///   - key: Columns that tell rows apart.
    ///   - isKept: Whether the data goes to the server, or its digest and profile alone.
    /// - Throws: `DAT-003` for what is no table, or was written to meanwhile.
    package init(_ file: any DataFile, key: [String] = [], isKept: Bool = true) throws {
        self.file = file
        let (columns, data) = try survey(file)
        for name in key where !columns.contains(where: { $0.name == name }) {
            throw DatasetError.unknownKey(name, closest: closestName(to: name, among: columns.map(\.name)))
        }
        let names = columns.map(\.name)
        let (whole, keys) = (RowDigester(columns: names), RowDigester(columns: names, of: Set(key)))
        var tally = ProfileTally(columns)
        var digests: [UInt8] = []
        var hasher = DigestHasher()
        var rowCount = 0
        _ = try file.readRows(columns: columns, bytes: { hasher.update($0) }) { row in
            rowCount += 1
            tally.take(row)
            guard isKept else { return }
            if !key.isEmpty { keys.digest(of: row).append(to: &digests) }
            whole.digest(of: row).append(to: &digests)
        }
        // What another program read is read here once more.
        let found = file.format == .csv || file.format == .jsonl ? hasher.finish() : try file.digest()
        guard found == data.digest else { throw DatasetError.changedMeanwhile(file.name) }
        rowDigests = digests
        manifest = DatasetManifest(
            format: file.format,
            data: isKept ? data : ChunkedContent(digest: data.digest, byteCount: data.byteCount, chunks: []),
            rowCount: rowCount, key: key, rows: isKept ? try chunked(digests) : nil,
            profiles: isKept ? tally.profiles : tally.profiles.map(\.withoutRareValues))
    }

    /// Hands out the contents that are wanted of those that ``manifest`` names, itself the last.
    ///
    /// - Returns: The proof that the data is here, where it is kept: see ``DatasetReference/proofHasher``.
    /// - Throws: `DAT-003` when the file has changed since it was read; what `send` throws.
    package func contents(
        wanted: Set<Digest>, for dataset: DatasetReference,
        _ send: (_ digest: Digest, _ bytes: [UInt8]) async throws -> Void
    ) async throws -> Digest? {
        var wanted = wanted
        var proof = dataset.proofHasher
        if manifest.isKept {
            var chunks = ContentChunker()
            var found: [[UInt8]] = []
            let next = try file.pieces()
            var hasher = DigestHasher()
            while let piece = try next() {
                hasher.update(piece)
                proof.update(piece)
                chunks.take(piece) { found.append($0) }
                try await sendAll(&found, &wanted, send)
            }
            if let last = chunks.finish() { found.append(last) }
            try await sendAll(&found, &wanted, send)
            guard hasher.finish() == manifest.data.digest else { throw DatasetError.changedMeanwhile(file.name) }
            proof.update(rowDigests)
            chunks.take(rowDigests) { found.append($0) }
            if let last = chunks.finish() { found.append(last) }
            try await sendAll(&found, &wanted, send)
        }
        let record = manifest.canonicalBytes
        let digest = Digest(of: record)
        if wanted.contains(digest) { try await send(digest, record) }
        return manifest.isKept ? proof.finish() : nil
    }

    private func sendAll(
        _ chunks: inout [[UInt8]], _ wanted: inout Set<Digest>,
        _ send: (_ digest: Digest, _ bytes: [UInt8]) async throws -> Void
    ) async throws {
        for chunk in chunks {
            let digest = Digest(of: chunk)
            // The same piece may come several times.
            if wanted.remove(digest) != nil { try await send(digest, chunk) }
        }
        chunks = []
    }
}

/// What the columns hold, and the pieces of the file.
private func survey(_ file: any DataFile) throws -> (columns: [DataColumn], data: ChunkedContent) {
    var cutting = Cutting()
    let columns = try file.surveyed { cutting.take($0) }
    return (columns, cutting.finish())
}

private func chunked(_ bytes: [UInt8]) throws -> ChunkedContent {
    var cutting = Cutting()
    cutting.take(bytes)
    return cutting.finish()
}

/// Digests of a content and of its pieces, without the pieces themselves.
private struct Cutting {
    private var chunker = ContentChunker()
    private var hasher = DigestHasher()
    private var chunks: [ChunkedContent.Chunk] = []

    mutating func take(_ bytes: [UInt8]) {
        hasher.update(bytes)
        chunker.take(bytes) { chunks.append(.init(digest: Digest(of: $0), byteCount: $0.count)) }
    }

    mutating func finish() -> ChunkedContent {
        if let last = chunker.finish() { chunks.append(.init(digest: Digest(of: last), byteCount: last.count)) }
        return ChunkedContent(
            digest: hasher.finish(), byteCount: chunks.reduce(0) { $0 + $1.byteCount }, chunks: chunks)
    }
}

extension DataFile {
    /// SHA-256 of its bytes.
    package func digest() throws -> Digest {
        var hasher = DigestHasher()
        let next = try pieces()
        while let piece = try next() { hasher.update(piece) }
        return hasher.finish()
    }

    /// Holds its rows against what is expected of them.
    ///
    /// - Throws: `DAT-003` for what is no table.
    package func check(_ expectations: Expectations, at now: Timestamp) throws -> [ExpectationResult] {
        let columns = try surveyed()
        var check = ExpectationCheck(expectations, of: columns)
        _ = try readRows(columns: columns) { check.take($0) }
        return check.results(at: now)
    }

    /// For each row what it says in `columns`.
    package func rowDigests(of columns: Set<String>, key: [String]) throws -> [RowDifference.Row] {
        let all = try surveyed()
        let names = all.map(\.name)
        let (whole, keys) = (RowDigester(columns: names, of: columns), RowDigester(columns: names, of: Set(key)))
        var rows: [RowDifference.Row] = []
        _ = try readRows(columns: all) { row in
            rows.append(.init(key: key.isEmpty ? nil : keys.digest(of: row), digest: whole.digest(of: row)))
        }
        return rows
    }
}
