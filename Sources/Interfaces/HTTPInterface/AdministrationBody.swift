// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import ModelDomain
internal import NIOCore

extension Request {
    /// Bodies of administration are small; contents go another way.
    static let administrationBodyLimit = 1 << 20

    /// The body as `type`.
    func decoded<Value: Decodable & Sendable>(as type: Value.Type) async throws -> Value {
        try JSONDecoder().decode(type, from: try await administrationBody())
    }

    /// The body as `type`; `nil` when there is none.
    func decodedIfPresent<Value: Decodable & Sendable>(as type: Value.Type) async throws -> Value? {
        let body = try await administrationBody()
        return body.isEmpty ? nil : try JSONDecoder().decode(type, from: body)
    }

    private func administrationBody() async throws -> Data {
        Data(try await body.collect(upTo: Self.administrationBodyLimit).readableBytesView)
    }

    /// A whole number of the query, or `standard` when it is not there.
    ///
    /// - Throws: `IN-006` when it is no number, or outside `range`.
    func queryNumber(_ name: String, in range: ClosedRange<Int>, standard: Int) throws(Refusal) -> Int {
        guard let text = uri.queryParameters[Substring(name)] else { return standard }
        guard let number = Int(text), range.contains(number) else {
            throw Refusal(
                .outOfRange, .invalidInput, "“\(name)” is “\(text.prefix(40))”.",
                hint: "Give a number from \(range.lowerBound) to \(range.upperBound).",
                details: [.init("field", name)])
        }
        return number
    }

    /// The project that the query names.
    func project() throws(Refusal) -> ProjectName {
        try projectName(uri.queryParameters["project"].map(String.init))
    }
}

/// The project that a caller names; the standard one when they name none.
func projectName(_ text: String?) throws(Refusal) -> ProjectName {
    guard let text else { return .standard }
    return try ProjectName(text)
}

extension Response {
    /// `value` as JSON.
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Response(
            status: status, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: try encoder.encode(value))))
    }
}

extension AdministrationContext {
    /// A name in the path.
    ///
    /// - Throws: `REG-005` when it is no such name.
    // Inlined into an `async` function, its two kinds of errors crash the optimiser of Swift 6.3.1.
    @inline(never)
    func name<Name: GivenName>(_ parameter: String, as type: Name.Type) throws -> Name {
        try Name(parameters.require(parameter))
    }
}
