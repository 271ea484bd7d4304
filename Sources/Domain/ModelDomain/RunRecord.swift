// SPDX-License-Identifier: Apache-2.0

/// What a training run was made of, so that it can be done again: the artifact `slipway/run.json` of the run
/// (docs/formats/run-record.md).
package struct RunRecord: Sendable, Hashable {
    package static let schema = "slipway.run/1"
    /// The folder of a run's artifacts that holds the record and what it names.
    package static let folder = "slipway"
    package static let path = "slipway/run.json"
    /// Of its JSON.
    package static let byteLimit = 1 << 20

    /// Where the code stood.
    package struct Commit: Sendable, Hashable {
        package let commit: String
        /// Whether files differed from the commit.
        package let isDirty: Bool
        /// Without credentials.
        package let remote: String?

        package init(commit: String, isDirty: Bool, remote: String?) {
            self.commit = commit
            self.isDirty = isDirty
            self.remote = remote
        }
    }

    /// Artifacts of the run that hold its code.
    package struct Code: Sendable, Hashable {
        /// The files of the commit; of a folder without history, its files.
        package let archive: BundleFile
        /// What differed from the commit.
        package let patch: BundleFile?

        package init(archive: BundleFile, patch: BundleFile?) {
            self.archive = archive
            self.patch = patch
        }
    }

    /// The Python that the command ran.
    package struct Environment: Sendable, Hashable {
        /// `3.11.7`.
        package let python: String
        /// `linux_x86_64`.
        package let platform: String
        /// An artifact of the run: one `NAME==VERSION` a line.
        package let requirements: BundleFile

        package init(python: String, platform: String, requirements: BundleFile) {
            self.python = python
            self.platform = platform
            self.requirements = requirements
        }
    }

    /// A version of data that the command was given as a file.
    package struct Data: Sendable, Hashable {
        package let dataset: DatasetName
        package let project: ProjectName
        package let version: Int
        /// Of the file.
        package let digest: Digest
        /// Below the working folder.
        package let path: String

        package init(dataset: DatasetName, project: ProjectName, version: Int, digest: Digest, path: String) {
            self.dataset = dataset
            self.project = project
            self.version = version
            self.digest = digest
            self.path = path
        }
    }

    package let command: [String]
    /// The working folder inside of the archive; `.` for its top.
    package let folder: String
    package let seed: Int64?
    package let git: Commit?
    /// `nil` where it was left out.
    package let code: Code?
    /// `nil` for a command that runs no Python.
    package let environment: Environment?
    package let data: [Data]
    package let startedAt: Timestamp
    /// `slipway 0.1.0`.
    package let tool: String

    package init(
        command: [String], folder: String, seed: Int64?, git: Commit?, code: Code?, environment: Environment?,
        data: [Data], startedAt: Timestamp, tool: String
    ) {
        self.command = command
        self.folder = folder
        self.seed = seed
        self.git = git
        self.code = code
        self.environment = environment
        self.data = data
        self.startedAt = startedAt
        self.tool = tool
    }
}
