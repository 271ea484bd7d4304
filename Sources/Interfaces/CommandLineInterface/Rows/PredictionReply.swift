// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import Tensors

/// A reply to rows, cut into its predictions without decoding a number.
struct PredictionReply {
    let predictions: [ArraySlice<UInt8>]
    /// `breast-cancer version 3, proven`.
    private let source: String

    /// - Throws: `SYS-005` when `body` is no such reply.
    init(_ body: [UInt8]) throws {
        var limits = CodecLimits.standard
        limits.maxBodyBytes = max(limits.maxBodyBytes, body.count)
        do throws(CodecError) {
            let members = try jsonMembers(of: body, limits: limits)
            func bytes(_ name: String) -> ArraySlice<UInt8>? {
                members.first { $0.name == name }.map { body[$0.range] }
            }
            guard let list = bytes("predictions").map(Array.init) else {
                throw CodecError(.missing, "there are no predictions")
            }
            let elements = try unsafe list.withUnsafeBufferPointer { (pointer) throws(CodecError) in
                try unsafe jsonElements(of: UnsafeRawBufferPointer(pointer), limits: limits)
            }
            predictions = elements.map { list[$0] }
            let name = bytes("model").map { String(decoding: $0, as: UTF8.self).filter { $0 != "\"" } }
            let version = bytes("version").map { String(decoding: $0, as: UTF8.self) }
            let isProven = bytes("proven").map { Array($0) == Array("true".utf8) } ?? false
            source = "\(name ?? "") version \(version ?? "?"), \(isProven ? "proven" : "not proven")"
        } catch {
            throw Refusal(
                .serverUnreachable, .unavailable, "The reply cannot be read: \(error.message).",
                hint: "Check that a Slipway server is there, and nothing in between answers for it.")
        }
    }

    /// Who answered, and the id that leads to everything about the answer.
    func remark(id: String?) -> String {
        (source + (id.map { "\nslipway-prediction-id: \($0)" } ?? "")).split(separator: "\n")
            .map { String($0).printable }.joined(separator: "\n")
    }
}
