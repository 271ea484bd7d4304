// SPDX-License-Identifier: Apache-2.0
package import ExperimentTracking
package import ModelDomain
package import ModelExecution
package import ModelRegistry
package import Tensors

/// The artifact proxy: files of runs and logged models go through the server, which keeps them by digest.
package struct MLflowArtifacts: Sendable {
    let tracking: ExperimentTracking
    let registrations: ModelRegistrations
    let blobs: any BlobStore

    package init(
        tracking: ExperimentTracking, registrations: ModelRegistrations, blobs: any BlobStore
    ) {
        self.tracking = tracking
        self.registrations = registrations
        self.blobs = blobs
    }

    /// The file that MLflow's pages ask for: of the run, the logged model or the registered version that a query names.
    ///
    /// - Parameter model: The logged model that the path names.
    /// - Returns: A path for ``download(_:in:)`` and ``upload(_:_:in:)``.
    package func path(
        _ fields: MLflowFields, model: String? = nil, in project: ProjectName
    ) async throws -> String {
        let call = MLflowCall(fields: fields, path: [:], project: project, actor: "", mayDecide: false)
        let tracking = try await tracking.in(project)
        if let model {
            let found = try await tracking.loggedModel(loggedModelID(model))
            return try ArtifactPath.files(of: found.id, in: found.experiment)
                .appending(fields.text("artifact_file_path")).text
        }
        let file = try fields.text("path")
        guard fields.has("name") else {
            return try ArtifactPath.files(of: await tracking.runInfo(call.runID())).appending(file).text
        }
        let record = try await registrations.version(call.version(), of: call.model())
        let source = try VersionSource(record.registration.source ?? "")
        guard let place = try await source.place(in: tracking, registrations, project) else {
            throw TrackingError.unknownArtifact(file)
        }
        return try place.appending(file).text
    }

    /// The files of a registered version, by their paths below its folder.
    ///
    /// - Throws: `TRK-004` when they are kept elsewhere, or there are none.
    package func files(of record: VersionRecord) async throws -> [(path: String, artifact: Artifact)] {
        let project = record.version.model.project
        let tracking = try await tracking.in(project)
        let source = record.registration.source ?? ""
        guard let place = try await VersionSource(source).place(in: tracking, registrations, project) else {
            throw Refusal(
                .artifactUnknown, .conflict,
                "The files of “\(record.version.model)” version \(record.version.number) are at \(source.prefix(200)), not here.",
                hint: "Download them, and deploy the folder.")
        }
        let files = try await tracking.artifacts(below: place)
        guard !files.isEmpty else { throw TrackingError.unknownArtifact(place.text) }
        return files.map { (String($0.path.text.dropFirst(place.text.count + 1)), $0) }
    }

    /// Keeps a file. It is there whole or not at all, and instead of what was there.
    ///
    /// - Parameter path: As it stands in the target, decoded once.
    package func upload(
        _ path: String, _ chunks: some AsyncSequence<[UInt8], any Error> & Sendable, in project: ProjectName
    ) async throws {
        let path = try ArtifactPath(path)
        let tracking = try await tracking.in(project)
        // Nobody sends gigabytes to be told that the place is wrong.
        try await tracking.checkOwner(of: path)
        let (content, byteCount) = try await blobs.keep(chunks)
        try await tracking.setArtifact(path, content: content, byteCount: byteCount)
    }

    /// - Returns: The file, and its bytes piece by piece.
    /// - Throws: `TRK-004` when there is no such file.
    package func download(
        _ path: String, in project: ProjectName
    ) async throws -> (artifact: Artifact, pieces: @Sendable () async throws -> [UInt8]?) {
        let artifact = try await tracking.in(project).artifact(ArtifactPath(path))
        return (artifact, try await blobs.pieces(of: artifact.content))
    }

    /// What is directly in the folder that the query names.
    package func list(_ fields: MLflowFields, in project: ProjectName) async throws -> JSONValue {
        let path = try fields.optionalText("path") ?? ""
        // All of them would be everybody's runs.
        guard !path.isEmpty else { return .object([]) }
        let entries = try await tracking.in(project).artifacts(in: ArtifactPath(path))
        return .record([("files", listed(entries.map { $0.json() }))])
    }

    /// Takes a file away, or a folder with all that is in it.
    package func delete(_ path: String, in project: ProjectName) async throws {
        do {
            try await tracking.in(project).removeArtifacts(ArtifactPath(path))
        } catch TrackingError.unknownArtifact {
            // It is gone already.
        }
    }
}
