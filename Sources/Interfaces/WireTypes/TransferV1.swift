// SPDX-License-Identifier: Apache-2.0

/// `POST /v1/registry/models/{model}/imports`.
package struct ImportModelV1: Codable, Sendable, Equatable {
    /// The digest of `model.json`, which was uploaded like the contents that it names.
    package let document: String

    package init(document: String) { self.document = document }
}

/// A version that came from another platform.
package struct ImportedModelV1: Codable, Sendable, Equatable {
    package let model: String
    package let project: String
    package let version: Int
    package let bundle: String
    /// Whether it was not here before.
    package let isNew: Bool
    package let run: String?
    package let loggedModel: String?

    package init(
        model: String, project: String, version: Int, bundle: String, isNew: Bool, run: String?, loggedModel: String?
    ) {
        self.model = model
        self.project = project
        self.version = version
        self.bundle = bundle
        self.isNew = isNew
        self.run = run
        self.loggedModel = loggedModel
    }
}
