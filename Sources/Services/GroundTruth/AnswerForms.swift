// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import ModelExecution

/// The forms of the answers of bundles, each read once.
package actor AnswerForms {
    private let read: @Sendable (Digest) async throws -> AnswerForm?
    private var known: [Digest: AnswerForm?] = [:]

    package init(read: @escaping @Sendable (Digest) async throws -> AnswerForm?) { self.read = read }

    package init(loader: ModelLoader) {
        self.init { bundle in
            let manifest = try await loader.manifest(of: bundle)
            guard let proof = manifest.proof, let file = manifest.file(proof.examples) else {
                return AnswerForm(manifest, examples: [])
            }
            let lines = try await loader.read(file.digest, limit: ExampleFormat.byteLimit)
            let format = try ExampleFormat(
                signature: manifest.signature, outputs: proof.outputs, ignoringOthers: true)
            return AnswerForm(manifest, examples: try format.read(lines: lines, limit: 2000))
        }
    }

    /// - Returns: `nil` for a bundle that is gone, or whose answers cannot be judged.
    func form(of bundle: Digest) async -> AnswerForm? {
        if let form = known[bundle] { return form }
        guard let form = try? await read(bundle) else { return nil }
        known[bundle] = .some(form)
        return form
    }

    func forms(of bundles: Set<Digest>) async -> [Digest: AnswerForm] {
        var forms: [Digest: AnswerForm] = [:]
        for bundle in bundles { forms[bundle] = await form(of: bundle) }
        return forms
    }
}
