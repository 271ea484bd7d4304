// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import ModelExecution

/// What a bundle holds, as far as anybody looks for it: never another thing for the same digest, and so kept.
struct BundleContents: Sendable {
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
    struct Component: Sendable, Hashable {
        let model: ModelReference
        let number: Int
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
    var files: [BundleFile] = []
    var libraries: [Library] = []
    var engines: [Engine] = []
    var components: [Component] = []
    var gaps: [Gap] = []
}

/// What stands in the provenance of a version.
struct ProvenanceContents: Sendable {
    struct DataFile: Sendable {
        /// As the project called it.
        let path: String
        let digest: Digest
    }

    /// The engine that proved it when it was packed.
    let engine: EngineIdentity?
    /// The files that its examples and its baseline were made from.
    let data: [DataFile]
}
