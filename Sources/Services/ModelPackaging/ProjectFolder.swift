// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import ModelExecution

/// The folder a model is packed from. Nothing outside it can be reached, links included.
///
/// Every path is relative to the folder; one that leaves it is refused with `PRJ-005`, an absent file with `PRJ-006`.
package protocol ProjectFolder: Sendable {
    /// The folder's own name, for want of a better one for the model.
    var name: String { get }
    /// Names of the files directly inside, sorted.
    func fileNames() throws -> [String]
    /// Paths of all files below a folder inside, sorted; links and names that begin with a dot are left out.
    ///
    /// - Throws: `PRJ-006` when there is no such folder; `IN-009` for more than 10,000 files.
    func fileNames(below folder: String) throws -> [String]
    func contains(_ path: String) throws -> Bool
    /// - Throws: `IN-009` when the file is larger than `limit` bytes.
    func read(_ path: String, limit: Int) throws -> [UInt8]
    /// For reading a file piece by piece, so that a large model is never in memory as a whole: each call gives the next
    /// piece, `nil` at the end.
    func pieces(of path: String) throws -> @Sendable () throws -> [UInt8]?
    /// SHA-256 and size, read in pieces.
    func describe(_ path: String) throws -> BundleFile
    /// For an engine to open.
    func modelFile(_ path: String) throws -> ModelFile
    /// Absolute path of a file or folder inside, for another process to read; `.` is the folder itself.
    func place(_ path: String) throws -> String
    /// Writes a file that is not there yet, whole or not at all. `PRJ-008` when it is there.
    func create(_ path: String, _ content: [UInt8]) throws
    /// The commit that the folder is at; `nil` outside version control.
    ///
    /// - Parameter data: Files below the folder whose rows travel with nothing, and in no patch.
    func commit(leavingOut data: [String]) -> SourceCommit?
}

/// Where the code stood when a model was packed.
package struct SourceCommit: Sendable, Hashable {
    package static let patchByteLimit = 16 << 20

    package let commit: String
    /// Whether files differed from the commit.
    package let isDirty: Bool
    /// What tracked files had otherwise, as `git apply` takes it. Of files that git does not know, none: nobody said that
    /// they may travel.
    package let patch: [UInt8]?
    /// Whether the patch was left out for its size.
    package let isPatchTooLarge: Bool

    package init(commit: String, isDirty: Bool, patch: [UInt8]? = nil, isPatchTooLarge: Bool = false) {
        self.commit = commit
        self.isDirty = isDirty
        self.patch = patch
        self.isPatchTooLarge = isPatchTooLarge
    }
}
