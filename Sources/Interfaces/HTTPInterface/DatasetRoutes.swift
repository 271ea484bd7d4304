// SPDX-License-Identifier: Apache-2.0
internal import DataTables
internal import DataVersions
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import ModelDomain
internal import NIOCore
internal import WireTypes

/// `/v1/datasets`: versions of data, and their contents.
struct DatasetRoutes: Sendable {
    let datasets: DataVersions

    var routes: [AdministrationRoute] {
        [
            AdministrationRoute(
                .get, root, needs: .view, of: .queriedProject, "The newest version of each data set of a project.",
                query: project, gives: [DatasetVersionV1].self, use: list),
            AdministrationRoute(
                .get, "\(root)/:dataset/versions", needs: .view, of: .queriedProject,
                "The versions of a data set, newest first.", query: project, gives: [DatasetVersionV1].self,
                use: versions),
            AdministrationRoute(
                .post, "\(root)/:dataset/versions", needs: .develop, of: .bodysProject,
                "Make uploaded contents a version of a data set.", takes: AddDatasetV1.self,
                gives: AddedDatasetV1.self, status: 201, use: add),
            AdministrationRoute(
                .get, "\(root)/:dataset/versions/:version", needs: .view, of: .queriedProject,
                "A version: a number, digits of its digest, or newest.", query: project, gives: DatasetVersionV1.self,
                use: version),
            AdministrationRoute(
                .get, "\(root)/:dataset/versions/:version/record", needs: .view, of: .queriedProject,
                "What is known of a version: columns, profile, pieces.", query: project, use: record),
            AdministrationRoute(
                .get, "\(root)/:dataset/versions/:version/data", needs: .develop, of: .queriedProject,
                "Download the data as it was added.", query: project, use: data),
            AdministrationRoute(
                .get, "\(root)/:dataset/versions/:version/rows", needs: .develop, of: .queriedProject,
                "Download the digests of the rows.", query: project, use: rows),
        ]
    }

    private var root: String { "/v1/datasets" }
    private var project: [(name: String, meaning: String)] {
        [("project", "The data set's project; default without it.")]
    }

    /// `GET /v1/datasets?project=` → `[DatasetVersionV1]`, by name.
    @Sendable private func list(_ request: Request, _: AdministrationContext) async throws -> Response {
        try .json(try await datasets.datasets(in: try request.project()).map(DatasetVersionV1.init))
    }

    /// `GET /v1/datasets/{dataset}/versions` → `[DatasetVersionV1]`, or problem `DAT-001`.
    @Sendable private func versions(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        try .json(try await datasets.versions(of: reference(request, context)).map(DatasetVersionV1.init))
    }

    /// `POST /v1/datasets/{dataset}/versions`, `AddDatasetV1` → `AddedDatasetV1`, 201 for a new version, 200 for one that
    /// is there; problem `REG-007` for a content that is not, `DAT-002` or `DAT-006` for what does not fit together.
    @Sendable private func add(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let body = try await request.decoded(as: AddDatasetV1.self)
        let dataset = DatasetReference(
            project: context.project, name: try context.name("dataset", as: DatasetName.self))
        let (version, isNew) = try await datasets.add(
            digest(body.record), proof: body.proof.map(digest), to: dataset, note: body.note, by: context.actor)
        return try .json(
            AddedDatasetV1(version: DatasetVersionV1(version), new: isNew), status: isNew ? .created : .ok)
    }

    /// `GET /v1/datasets/{dataset}/versions/{version}` → `DatasetVersionV1`, or problem `DAT-001`.
    @Sendable private func version(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        try .json(DatasetVersionV1(try await found(request, context)))
    }

    /// `GET …/record` → the record as docs/formats/dataset.md has it.
    @Sendable private func record(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let record = try await datasets.manifest(found(request, context).manifest)
        return Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: record.canonicalBytes)))
    }

    /// `GET …/data` → the bytes, or problem `DAT-004`.
    @Sendable private func data(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        .bytes(try await datasets.data(of: found(request, context)))
    }

    /// `GET …/rows` → 16 bytes for each row, or twice as many where there is a key; problem `DAT-004`.
    @Sendable private func rows(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        .bytes(try await datasets.rowDigests(of: found(request, context)))
    }

    private func found(_ request: Request, _ context: AdministrationContext) async throws -> DatasetVersion {
        let selector = try DatasetSelector(context.parameters.require("version"))
        return try await datasets.version(selector, of: reference(request, context))
    }

    private func reference(_ request: Request, _ context: AdministrationContext) throws -> DatasetReference {
        DatasetReference(project: try request.project(), name: try context.name("dataset", as: DatasetName.self))
    }
}

extension Response {
    /// Bytes as they come.
    static func bytes(_ pieces: @escaping @Sendable () async throws -> [UInt8]?) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/octet-stream"],
            body: ResponseBody { writer in
                while let piece = try await pieces() { try await writer.write(ByteBuffer(bytes: piece)) }
                try await writer.finish(nil)
            })
    }
}
