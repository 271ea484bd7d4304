// SPDX-License-Identifier: Apache-2.0
package import ExperimentTracking
package import ModelDomain
internal import Tensors

/// What an upload in parts is about; the same names have to come with its end.
package struct UploadSubject: Sendable, Equatable {
    let path: ArtifactPath
    let project: ProjectName

    package init(path: ArtifactPath, project: ProjectName) {
        self.path = path
        self.project = project
    }
}

/// What is written down of an upload in parts when it begins.
struct UploadDocument: Sendable {
    let subject: UploadSubject
    /// Of the secret that its parts come with, which is told once and not kept.
    let secret: Digest
    /// How many parts there are to be.
    let count: Int

    var bytes: [UInt8] {
        JSONValue.record([
            ("path", .string(subject.path.text)), ("project", .string(subject.project.rawValue)),
            ("secret", .string(secret.hex)), ("count", .integer(Int64(count))),
        ]).canonical
    }
}

extension UploadDocument {
    /// - Returns: `nil` for something else.
    init?(_ document: [UInt8]) {
        guard let fields = try? FieldReader(document: document, what: "upload"),
            let path = (try? fields.text("path")).flatMap({ try? ArtifactPath($0) }),
            let project = (try? fields.text("project")).flatMap({ ProjectName(rawValue: $0) }),
            let secret = (try? fields.text("secret")).flatMap({ Digest($0) }), let count = try? fields.count("count")
        else { return nil }
        self.init(subject: UploadSubject(path: path, project: project), secret: secret, count: count)
    }
}
