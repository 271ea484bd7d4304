// SPDX-License-Identifier: Apache-2.0

/// One file of a bundle: its name there, and what it holds.
package struct BundleFile: Sendable, Hashable {
    /// Relative, with `/`, without `.` or `..` parts: made only by ``init(path:digest:byteCount:)``.
    package let path: String
    package let digest: Digest
    package let byteCount: Int

    /// - Throws: `PRJ-005` when `path` would leave the bundle.
    package init(path: String, digest: Digest, byteCount: Int) throws(Refusal) {
        guard isInside(path) else {
            throw Refusal(
                .pathOutside, .invalidInput, "“\(path.prefix(200))” is no path inside a bundle.",
                hint: "Use relative names without “..”.")
        }
        self.path = path
        self.digest = digest
        self.byteCount = byteCount
    }
}

/// Whether a relative path stays below the folder it starts from, links aside.
package func isInside(_ path: String) -> Bool {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    return !path.isEmpty && path.utf8.count <= 500 && !path.utf8.contains(0) && !path.contains("\\")
        && parts.allSatisfy { !$0.isEmpty && $0.utf8.count <= 255 && $0 != "." && $0 != ".." }
}
