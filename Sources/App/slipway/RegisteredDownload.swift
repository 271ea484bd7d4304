// SPDX-License-Identifier: Apache-2.0
import APIClient
import CommandLineInterface
import ModelDomain
import ModelPackaging
import WireTypes

/// Fetches the files of a version that a client of MLflow registered, into a folder of their own.
struct RegisteredDownload {
    let client: SlipwayClient
    let scratch: () throws -> StagedFolder

    /// - Returns: The folder, and the number of the version.
    func files(
        of source: RegisteredSource, progress: @Sendable (String) -> Void
    ) async throws -> (folder: StagedFolder, version: Int) {
        let registered = try await client.registeredFiles(of: source.model, version: source.version)
        let folder = try scratch()
        for file in registered.files {
            progress("fetching \(file.path)")
            let parts = file.path.split(separator: "/", omittingEmptySubsequences: false)
            // The server sends no such path; what it sends is not believed.
            guard !parts.isEmpty, parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." && !$0.contains("\0") })
            else {
                throw FieldReader.damaged("“\(file.path)” leads out of the model's folder")
            }
            var hasher = DigestHasher()
            try await folder.receive(file.path) { write in
                try await client.artifact(file.place) { piece in
                    hasher.update(piece)
                    try write(piece)
                }
            }
            guard hasher.finish().description == file.digest else {
                throw FieldReader.damaged("“\(file.path)” is not what was logged")
            }
        }
        return (folder, registered.version)
    }
}
