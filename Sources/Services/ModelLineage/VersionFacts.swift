// SPDX-License-Identifier: Apache-2.0
internal import ContentSearch
internal import ModelDomain

/// What bundle and provenance of a version say of where it comes from.
struct VersionFacts: Sendable {
    let contents: BundleContents
    let provenance: ProvenanceContents

    /// The lock of a worker's environment.
    var environment: Digest? { contents.files.first { $0.path == "environment.json" }?.digest }

    func isPacked(from data: Digest) -> Bool { provenance.data.contains { $0.digest == data } }

    func hasCopy(of model: ModelReference, _ number: Int) -> Bool {
        contents.components.contains { $0.model == model && $0.number == number }
    }
}
