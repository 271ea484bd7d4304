// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// Files of runs and logged models: names here, contents in the store of contents.
extension ProjectTracking {
    /// Gives a path a content, which must be in the store of contents.
    ///
    /// - Throws: `TRK-001` when the path begins with no experiment of this project.
    package func setArtifact(_ path: ArtifactPath, content: Digest, byteCount: Int) async throws {
        try await store.write { [project, now] transaction in
            try requireOwner(of: path, project, transaction)
            try requireRoom(for: path, transaction)
            try transaction.setArtifact(
                Artifact(path: path, content: content, byteCount: byteCount, changedAt: now()))
        }
    }

    /// - Throws: `TRK-004` when there is no such file.
    package func artifact(_ path: ArtifactPath) async throws -> Artifact {
        try await store.read { [project] store in
            guard (try? requireOwner(of: path, project, store)) != nil, let artifact = try store.artifact(path) else {
                throw TrackingError.unknownArtifact(path.text)
            }
            return artifact
        }
    }

    /// What is directly in a folder, by name; empty where there is none.
    package func artifacts(in folder: ArtifactPath) async throws -> [ArtifactEntry] {
        try await store.read { [project] store in
            guard (try? requireOwner(of: folder, project, store)) != nil else { return [] }
            return try store.artifacts(in: folder)
        }
    }

    /// Every file of a run's or a model's folder.
    package func artifacts(below folder: ArtifactPath, limit: Int = 100_000) async throws -> [Artifact] {
        try await store.read { [project] store in
            try requireOwner(of: folder, project, store)
            return try store.artifacts(below: folder, limit: limit)
        }
    }

    /// - Throws: `TRK-004` when there is nothing at this path.
    package func removeArtifacts(_ path: ArtifactPath) async throws {
        try await store.write { [project] transaction in
            try requireOwner(of: path, project, transaction)
            guard try transaction.removeArtifacts(below: path) > 0 else {
                throw TrackingError.unknownArtifact(path.text)
            }
        }
    }

    /// Refuses a path before its content is sent.
    ///
    /// - Throws: `TRK-001`.
    package func checkOwner(of path: ArtifactPath) async throws {
        try await store.read { [project] in try requireOwner(of: path, project, $0) }
    }
}

/// A name cannot be a file and a folder at once.
func requireRoom(for path: ArtifactPath, _ store: any TrackingReading) throws {
    for folder in path.folders where try store.artifact(folder) != nil {
        throw TrackingError.unusable(what: "path of an artifact, since “\(folder)” is a file", value: path.text)
    }
    guard try store.artifacts(in: path).isEmpty else {
        throw TrackingError.unusable(what: "path of a file, since it is a folder", value: path.text)
    }
}

func requireOwner(of path: ArtifactPath, _ project: ProjectName, _ store: any TrackingReading) throws {
    guard let id = path.experiment, let experiment = try store.experiment(id), experiment.project == project else {
        throw TrackingError.unknownExperiment(String(path.text.prefix { $0 != "/" }))
    }
}
