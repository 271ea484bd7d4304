// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import ModelExecution

/// What a bundle holds, as far as anybody looks for it: never another thing for the same digest, and so kept.
package struct BundleContents: Sendable {
    struct Library: Sendable, Hashable {
        /// Normalised.
        let name: String
        let version: String
        /// The file of the bundle that says so.
        let path: String
    }

    /// What executes the bundle, or a part of it.
    struct Engine: Sendable, Hashable {
        let name: String
        /// The file that it opens.
        let path: String
    }

    /// A registered version that a graph holds a copy of.
    package struct Component: Sendable, Hashable {
        package let model: ModelReference
        package let number: Int
        /// Where the copy lies in the bundle.
        let folder: String
    }

    /// What could not be looked into, and why; `of` is what it leaves open.
    struct Gap: Sendable, Hashable {
        enum Subject: Sendable { case everything, libraries }

        let of: Subject
        let reason: String
    }

    /// By path, the manifest among them.
    package var files: [BundleFile] = []
    var libraries: [Library] = []
    var engines: [Engine] = []
    package var components: [Component] = []
    var gaps: [Gap] = []
}

/// What stands in the provenance of a version.
package struct ProvenanceContents: Sendable {
    package struct DataFile: Sendable {
        /// As the project called it.
        package let path: String
        package let digest: Digest
    }

    /// The engine that proved it when it was packed.
    package var engine: EngineIdentity?
    /// The files that its examples and its baseline were made from.
    package var data: [DataFile] = []
    /// The commit of the project, whether it differed from that, and what was kept of the difference.
    package var commit: String?
    package var isDirty = false
    package var patch: Digest?
    /// The model's file in its project.
    package var source: String?
    /// RFC 3339.
    package var packedAt: String?
    package var packedBy: String?
    package var tool: String?
    package var proof: String?
    package var isProven = false
}
