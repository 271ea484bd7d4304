// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import ModelPackaging
internal import Tensors

extension PackedProject {
    /// The inputs of the first recorded example, as JSON: a row that the model is known to answer.
    ///
    /// - Returns: `nil` when there are no examples, or the first one is huge.
    func firstRow() async throws -> String? {
        guard let proof = bundle.manifest.proof, let file = bundle.manifest.file(proof.examples) else { return nil }
        var line: [UInt8] = []
        for try await piece in read(file) {
            let end = piece.firstIndex(of: 0x0A)
            line += piece[..<(end ?? piece.endIndex)]
            guard end == nil, line.count < 1 << 20 else { break }
        }
        guard let inputs = try? jsonMembers(of: line).first(where: { $0.name == "inputs" }) else { return nil }
        return String(decoding: line[inputs.range], as: UTF8.self)
    }
}
