// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// A model with its versions, newest first.
package struct ModelV1: Codable, Sendable, Equatable {
    package let name: String
    package let project: String
    package let versions: [ModelVersionV1]
    /// Alias to version number.
    package let aliases: [String: Int]

    package init(model: ModelReference, versions: [ModelVersion], aliases: [AliasName: Int]) {
        name = model.name.rawValue
        project = model.project.rawValue
        self.versions = versions.map { ModelVersionV1($0) }
        self.aliases = Dictionary(uniqueKeysWithValues: aliases.map { ($0.key.rawValue, $0.value) })
    }
}

package struct ModelVersionV1: Codable, Sendable, Equatable {
    package let model: String
    package let project: String
    package let version: Int
    /// `sha256:…` of the bundle's manifest.
    package let bundle: String?
    package let provenance: String?
    package let status: String
    /// `original` or `self`; only `original` is proof of equal behaviour.
    package let examples: String?
    /// RFC 3339.
    package let createdAt: String
    package let createdBy: String
    /// The run that it came of; where one version is asked for, and that is known.
    package let run: String?

    package init(_ version: ModelVersion, run: String? = nil) {
        self.run = run
        model = version.model.name.rawValue
        project = version.model.project.rawValue
        self.version = version.number
        bundle = version.bundle?.description
        provenance = version.provenance?.description
        status = version.status.rawValue
        examples = version.origin?.rawValue
        createdAt = version.createdAt.text
        createdBy = version.createdBy
    }
}

/// `POST /v1/registry/models/{name}/versions`: the contents are in the blob store already.
package struct RegisterVersionV1: Codable, Sendable, Equatable {
    package let project: String?
    package let manifest: String
    package let provenance: String
    /// A version that was registered without a bundle, and becomes this one; a new number without it.
    package let version: Int?
    /// The run that it came of; one that is known already is not replaced.
    package let run: String?

    package init(
        project: String?, manifest: String, provenance: String, version: Int? = nil, run: String? = nil
    ) {
        self.version = version
        self.run = run
        self.project = project
        self.manifest = manifest
        self.provenance = provenance
    }
}

/// `PUT /v1/registry/models/{name}/aliases/{alias}`.
package struct SetAliasV1: Codable, Sendable, Equatable {
    package let version: Int

    package init(version: Int) { self.version = version }
}
