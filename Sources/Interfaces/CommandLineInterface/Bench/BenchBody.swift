// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import LoadGenerator
internal import ModelDomain
internal import ModelExecution
internal import Tensors

/// The form that rows are sent in.
enum BenchBody: String, ExpressibleByArgument, CaseIterable, Encodable {
    /// Rows of named values, to `/v1/endpoints/NAME/predict`.
    case rows
    /// The Open Inference Protocol, to `/v2/models/NAME/infer`.
    case json
    /// The same with tensors as bytes, both ways.
    case binary

    /// What asks `subject` for its rows, one a request.
    func target(for subject: BenchSubject, token: String?) throws -> LoadTarget {
        let bodies = try subject.rows.map { row in
            do throws(CodecError) {
                return try body(row.inputs, signature: subject.manifest.signature)
            } catch {
                throw Refusal(error.explanation)
            }
        }
        var headers = [
            (name: "user-agent", value: Product.nameAndVersion),
            (name: "content-type", value: self == .binary ? "application/octet-stream" : "application/json"),
        ]
        if let token { headers.append((name: "authorization", value: "Bearer \(token)")) }
        let path = self == .rows ? "/v1/endpoints/\(subject.endpoint)/predict" : "/v2/models/\(subject.endpoint)/infer"
        return LoadTarget(path: path, headers: headers, bodies: bodies)
    }

    private func body(_ inputs: [Tensor], signature: Signature) throws(CodecError) -> LoadTarget.Body {
        let writer = ByteWriter()
        guard self != .rows else {
            try encodeRows(outputs: signature.layout.fieldTensors(of: inputs), rowCount: 1, into: writer)
            return LoadTarget.Body(bytes: writer.bytes)
        }
        let isBinary = self == .binary
        let named = zip(signature.inputs, inputs).map { NamedTensor($0.name, $1) }
        let jsonByteCount = try encodeInferResponse(
            modelName: "", modelVersion: "", id: nil, outputs: named, binary: named.map { _ in isBinary },
            into: writer)
        // A request's inputs are written as a reply's outputs are.
        let tail = isBinary ? #","parameters":{"binary_data_output":true}}"# : "}"
        return try renamed(
            "outputs", to: "inputs", in: writer.bytes, jsonByteCount: jsonByteCount, tail: Array(tail.utf8))
    }

    /// The outputs in an answer, in the signature's order.
    ///
    /// - Throws: ``CodecError`` when it is no answer to a single row of this model.
    func outputs(in answer: LoadAnswer, signature: Signature) throws(CodecError) -> [Tensor] {
        guard self != .rows else {
            let members = try jsonMembers(of: answer.body, limits: .examples)
            guard let member = members.first(where: { $0.name == "predictions" }) else {
                throw CodecError(.missing, "there are no predictions")
            }
            let decoder = try RowDecoder(layout: Signature.answerLayout(of: signature.outputs), limits: .examples)
            let rows = try decoder.decode(json: Array(answer.body[member.range]))
            guard rows.rowCount == 1 else {
                throw CodecError(.shape, "\(rows.rowCount) predictions came for one row")
            }
            return rows.inputs
        }
        let request = try renamed(
            "outputs", to: "inputs", in: answer.body, jsonByteCount: answer.jsonByteCount, tail: [UInt8(ascii: "}")])
        let decoded = try unsafe request.bytes.withUnsafeBufferPointer { (bytes) throws(CodecError) in
            try unsafe decodeInferRequest(
                UnsafeRawBufferPointer(bytes), jsonByteCount: request.jsonByteCount, limits: .examples)
        }
        var outputs: [Tensor] = []
        for spec in signature.outputs {
            guard let output = decoded.inputs.first(where: { $0.name == spec.name }) else {
                throw CodecError(.missing, "the output is missing", field: spec.name)
            }
            outputs.append(output.tensor)
        }
        return outputs
    }
}

/// `{"new": …` with the value that member `old` has, then `tail` and the bytes behind the JSON: tensors are written in
/// the same way in requests and replies.
private func renamed(
    _ old: String, to new: String, in bytes: [UInt8], jsonByteCount: Int?, tail: [UInt8]
) throws(CodecError) -> LoadTarget.Body {
    let end = jsonByteCount ?? bytes.count
    guard (0...bytes.count).contains(end) else {
        throw CodecError(.shape, "the JSON shall have \(end) bytes, the answer has \(bytes.count)")
    }
    let json = Array(bytes[..<end])
    guard let member = try jsonMembers(of: json, limits: .examples).first(where: { $0.name == old }) else {
        throw CodecError(.missing, "there is no “\(old)”")
    }
    let head = Array("{\"\(new)\":".utf8) + json[member.range] + tail
    return LoadTarget.Body(bytes: head + bytes[end...], jsonByteCount: jsonByteCount == nil ? nil : head.count)
}
