// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import Tensors

/// What of which column may be kept once the model answers.
extension Packager {
    /// - Throws: `PRJ-003` for a column that the model has not.
    func policies(of project: ProjectFile, for signature: Signature) throws -> [String: FieldPolicy] {
        let columns = signature.layout.fields.map(\.name)
        let named = project.fields.keys + (project.subject.map { [$0] } ?? [])
        for name in named.sorted() where !columns.contains(name) {
            throw Refusal(
                .wrongValue, .invalidInput,
                "\(ProjectFile.fileName): “fields” names “\(name)”, which the model does not take.",
                hint: closestName(to: name, among: columns).map { "Did you mean “\($0)”?" }
                    ?? "It takes \(columns.prefix(8).joined(separator: ", ")).")
        }
        return project.fields
    }

    /// Says what is hashed though nobody said so.
    func presumedPolicies(_ said: [String: FieldPolicy], _ signature: Signature) -> [String] {
        let hashed = signature.layout.fields.filter { field in
            said[field.name] == nil
                && FieldPolicy(presumedFor: field.name, signature.inputs[field.input].datatype) == .hash
        }
        guard !hashed.isEmpty else { return [] }
        let names = hashed.map { "“\($0.name)”" }.joined(separator: ", ")
        return ["\(names) may hold personal data: the prediction log has it hashed, unless “fields” says otherwise"]
    }
}
