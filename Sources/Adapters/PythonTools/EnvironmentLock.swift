// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain
internal import ModelExecution
internal import Tensors

/// `environment.json` of a bundle: what has to be installed, to the last version; `docs/formats/worker.md`.
struct EnvironmentLock: Sendable, Equatable {
    static let schema = "slipway.environment/1"

    /// `3.11`.
    let python: String
    /// `linux_x86_64`.
    let platform: String
    /// `numpy==2.4.6`, sorted.
    let requirements: [String]
    /// Names the environment: models with the same lock share one.
    let digest: Digest

    /// - Throws: `PRJ-009`.
    init(_ bytes: [UInt8]) throws(Refusal) {
        let fields = try FieldReader(document: bytes, what: "environment")
        guard try fields.text("schema") == Self.schema else {
            throw FieldReader.damaged("the schema of its environment is not \(Self.schema)")
        }
        python = try fields.text("python")
        platform = try fields.text("platform")
        requirements = try fields.texts("requirements")
        guard let parsed = try? JSONValue.parse(bytes) else { throw FieldReader.damaged("its environment is no JSON") }
        digest = Digest(of: parsed.canonical)
        // They become lines of a file that an installer reads: names and versions, and nothing that it would obey.
        for requirement in requirements where !isPin(requirement) {
            throw FieldReader.damaged("“\(requirement.prefix(100))” in its environment is no NAME==VERSION")
        }
        guard python.allSatisfy({ $0.isNumber || $0 == "." }), python.count <= 10 else {
            throw FieldReader.damaged("“\(python.prefix(20))” is no version of Python")
        }
    }

    init(at file: ModelFile) throws(Refusal) {
        // A process with foreign code may have written it: no link is followed, and its size is looked at first.
        var status = stat()
        guard unsafe lstat(file.path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= 1 << 20,
            let content = FileManager.default.contents(atPath: file.path)
        else { throw FieldReader.damaged("its environment cannot be read") }
        try self.init(Array(content))
    }
}

/// Whether it is a name and a version, and nothing that an installer would obey.
func isPin(_ requirement: String) -> Bool {
    let parts = requirement.components(separatedBy: "==")
    let isPlain = { (text: String, more: String) in
        !text.isEmpty && text.utf8.count <= 100 && !text.hasPrefix("-")
            && text.unicodeScalars.allSatisfy {
                $0.isASCII
                    && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || more.unicodeScalars.contains($0))
            }
    }
    return parts.count == 2 && isPlain(parts[0], "-_.") && isPlain(parts[1], ".+!-_")
}
