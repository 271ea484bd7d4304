// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// Where a file of a run or a logged model is, below the root of all: `0/4f…/artifacts/model/MLmodel`.
///
/// It is a name in the store and never a path of a file system; what would climb out of a folder anywhere is refused
/// all the same.
package struct ArtifactPath: Sendable, Hashable, CustomStringConvertible {
    package static let longest = 2000
    /// Without a `/` at either end, and no part of it empty.
    package let text: String

    /// - Throws: `TRK-004` for what is no such path.
    package init(_ text: String) throws(Refusal) {
        // Bytes, because a sign behind “/” may make one letter with it.
        var trimmed = Substring(text).utf8
        if trimmed.last == UInt8(ascii: "/") { trimmed = trimmed.dropLast() }
        let parts = trimmed.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard text.utf8.count <= Self.longest, parts.allSatisfy({ isArtifactName(Substring($0)) }) else {
            throw Refusal(
                .artifactUnknown, .invalidInput, "“\(text.prefix(100))” is no path of an artifact.",
                hint: "Write names with “/” between them, without “..”, “\\” or control characters.")
        }
        self.text = String(Substring(trimmed))
    }

    private init(trusted text: String) { self.text = text }

    /// - Throws: `TRK-004`.
    package func appending(_ path: String) throws(Refusal) -> ArtifactPath {
        path.isEmpty ? self : try ArtifactPath("\(text)/\(path)")
    }

    /// The experiment that it belongs to.
    package var experiment: ExperimentID? { ExperimentID(text: String(text.prefix { $0 != "/" })) }

    /// Where the files of a run are.
    package static func files(of run: RunInfo) -> ArtifactPath {
        ArtifactPath(trusted: "\(run.experiment)/\(run.id)/artifacts")
    }

    /// Where the files of a logged model are.
    package static func files(of model: LoggedModelID, in experiment: ExperimentID) -> ArtifactPath {
        ArtifactPath(trusted: "\(experiment)/models/\(model)/artifacts")
    }

    /// The folders above it, the nearest last.
    var folders: [ArtifactPath] {
        text.utf8.indices.filter { text.utf8[$0] == UInt8(ascii: "/") }
            .map { ArtifactPath(trusted: String(Substring(text.utf8[..<$0]))) }
    }

    package var description: String { text }
}

private func isArtifactName(_ name: Substring) -> Bool {
    guard !name.isEmpty, name != ".", name != "..", name.utf8.count <= 500 else { return false }
    guard name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F && $0 != "\\" }) else { return false }
    // What is still encoded would be decoded by somebody else later.
    let lowercase = name.lowercased()
    return !["%2e", "%2f", "%5c", "%00", "%25"].contains { lowercase.contains($0) }
}

/// One file.
package struct Artifact: Sendable, Hashable {
    package let path: ArtifactPath
    package let content: Digest
    package let byteCount: Int
    package let changedAt: Timestamp

    package init(path: ArtifactPath, content: Digest, byteCount: Int, changedAt: Timestamp) {
        self.path = path
        self.content = content
        self.byteCount = byteCount
        self.changedAt = changedAt
    }
}

/// A file or a folder inside of a folder.
package struct ArtifactEntry: Sendable, Hashable {
    package let name: String
    /// `nil` for a folder.
    package let byteCount: Int?

    package init(name: String, byteCount: Int?) {
        self.name = name
        self.byteCount = byteCount
    }
}
