// SPDX-License-Identifier: Apache-2.0
package import DataTables
package import DataVersions
package import ModelDomain
internal import NIOCore
package import WireTypes

/// Versions of data.
extension SlipwayClient {
    /// The newest version of each.
    package func datasets(in project: ProjectName) async throws -> [DatasetVersionV1] {
        try await value([DatasetVersionV1].self, of: Call(path: "/v1/datasets", query: named(project)))
    }

    /// Newest first.
    package func versions(of dataset: DatasetReference) async throws -> [DatasetVersionV1] {
        try await value([DatasetVersionV1].self, of: Call(path: versionsPath(dataset), query: named(dataset.project)))
    }

    package func version(
        _ selector: DatasetSelector, of dataset: DatasetReference
    ) async throws -> DatasetVersionV1 {
        try await value(
            DatasetVersionV1.self, of: Call(path: path(selector, dataset), query: named(dataset.project)))
    }

    /// What is known of a version.
    package func record(_ selector: DatasetSelector, of dataset: DatasetReference) async throws -> DatasetManifest {
        let answer = try await answer(
            to: Call(
                path: "\(path(selector, dataset))/record", query: named(dataset.project),
                answerLimit: DatasetManifest.byteLimit))
        return try DatasetManifest(manifest: answer.body)
    }

    /// The data as it was added, piece by piece. Whoever takes it compares it with its digest.
    package func data(
        _ selector: DatasetSelector, of dataset: DatasetReference, _ take: ([UInt8]) throws -> Void
    ) async throws {
        try await stream(
            Call(path: "\(path(selector, dataset))/data", query: named(dataset.project), patience: .hours(24)), take)
    }

    /// ``DatasetManifest/rows``.
    package func rowDigests(_ selector: DatasetSelector, of dataset: DatasetReference) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        try await stream(
            Call(path: "\(path(selector, dataset))/rows", query: named(dataset.project), patience: .hours(1))
        ) { bytes += $0 }
        return bytes
    }

    /// Sends what the server does not have yet, and makes it a version.
    ///
    /// - Parameter progress: How many bytes were sent so far, of how many.
    package func add(
        _ read: ReadDataset, to dataset: DatasetReference, note: String?, progress: (Int, Int) -> Void
    ) async throws -> AddedDatasetV1 {
        let record = read.manifest.canonicalBytes
        let digest = Digest(of: record)
        var sizes = Dictionary(
            read.manifest.contents.map { ($0.digest, $0.byteCount) }, uniquingKeysWith: { one, _ in one })
        sizes[digest] = record.count
        let wanted = try await missing(Array(sizes.keys))
        let total = wanted.reduce(0) { $0 + (sizes[$1] ?? 0) }
        let proof = try await withThrowingTaskGroup(of: Int.self) { uploads in
            // Several at a time, because each waits for the server's disk.
            var (sent, waiting) = (0, 0)
            let proof = try await read.contents(wanted: Set(wanted), for: dataset) { digest, bytes in
                if waiting == Self.uploadCount, let count = try await uploads.next() {
                    sent += count
                    waiting -= 1
                    progress(sent, total)
                }
                uploads.addTask {
                    try await self.putBlob(digest, bytes)
                    return bytes.count
                }
                waiting += 1
            }
            while let count = try await uploads.next() {
                sent += count
                progress(sent, total)
            }
            return proof
        }
        let body = AddDatasetV1(
            project: dataset.project.rawValue, record: digest.description, proof: proof?.description, note: note)
        return try await value(
            AddedDatasetV1.self,
            // The server reads all of it once more.
            of: Call(path: versionsPath(dataset)).posting(body, patience: .hours(1)))
    }

    private static var uploadCount: Int { 8 }

    private func missing(_ digests: [Digest]) async throws -> [Digest] {
        var missing: [Digest] = []
        for start in stride(from: 0, to: digests.count, by: 10_000) {
            let list = BlobListV1(digests: digests[start...].prefix(10_000).map(\.description))
            missing += try await value(
                BlobListV1.self,
                of: Call(path: "/v1/blobs/missing").posting(list)
            ).digests.compactMap { Digest($0) }
        }
        return missing
    }

    private func named(_ project: ProjectName) -> [(name: String, value: String)] { [("project", project.rawValue)] }
    private func versionsPath(_ dataset: DatasetReference) -> String { "/v1/datasets/\(dataset.name)/versions" }
    private func path(_ selector: DatasetSelector, _ dataset: DatasetReference) -> String {
        "\(versionsPath(dataset))/\(selector)"
    }
}
