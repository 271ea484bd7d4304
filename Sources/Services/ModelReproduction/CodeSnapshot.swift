// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// The code of a folder as it stood, in files of its own.
package struct CodeSnapshot: Sendable {
    /// Of an archive: the most bytes of its files, and the most files.
    package static let archiveByteLimit = 256 << 20
    package static let archiveFileLimit = 50_000
    /// The same of a folder that has no history to say what is code.
    package static let folderByteLimit = 64 << 20
    package static let folderFileLimit = 10_000
    package static let patchByteLimit = 64 << 20

    /// `nil` without history.
    package let git: RunRecord.Commit?
    /// Where the folder is in the archive; `.` for its top.
    package let folder: String
    /// Absolute path of a tar archive: the files of the commit, or of the folder.
    package let archive: String
    /// Absolute path of what differs from the commit; `nil` where nothing does.
    package let patch: String?
    /// What a person should know of what is not in it.
    package let notes: [String]

    package init(git: RunRecord.Commit?, folder: String, archive: String, patch: String?, notes: [String]) {
        self.git = git
        self.folder = folder
        self.archive = archive
        self.patch = patch
        self.notes = notes
    }
}

/// Why the code of a folder is not recorded.
package func notRecordable(_ reason: String, details: [Explanation.Detail] = []) -> Refusal {
    Refusal(
        .codeNotRecordable, .invalidInput, "The code cannot be recorded: \(reason).",
        hint: "Have git ignore what is no code, or leave it out with --no-code: the run can then not be done again.",
        details: details)
}
