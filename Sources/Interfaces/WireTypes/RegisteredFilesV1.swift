// SPDX-License-Identifier: Apache-2.0

/// The files of a version that a client of MLflow registered, before it is packed.
package struct RegisteredFilesV1: Codable, Sendable, Equatable {
    package struct File: Codable, Sendable, Equatable {
        /// Below the model's own folder.
        package let path: String
        /// Below `/api/2.0/mlflow-artifacts/artifacts/`.
        package let place: String
        /// `sha256:…`
        package let digest: String
        package let bytes: Int

        package init(path: String, place: String, digest: String, bytes: Int) {
            self.path = path
            self.place = place
            self.digest = digest
            self.bytes = bytes
        }
    }

    package let version: Int
    /// The run that made it.
    package let run: String?
    package let files: [File]

    package init(version: Int, run: String?, files: [File]) {
        self.version = version
        self.run = run
        self.files = files
    }
}
