// SPDX-License-Identifier: Apache-2.0
internal import Tensors

/// Finds out what a type reads, by having it decode and writing down what it asks for: JSON Schema of `/v1`'s own types,
/// which so cannot differ from them.
final class SchemaReader {
    /// Schemas of named types, in the order in which they were met.
    private(set) var components: [(name: String, value: JSONValue)] = []

    /// The schema of `type`: a reference to a component for types of our own.
    func schema(of type: any Decodable.Type) -> JSONValue {
        if let known = type as? any Described.Type { return known.schema(by: self) }
        // `EndpointV1` of `WireTypes.EndpointV1`.
        let name = String(reflecting: type).split(separator: ".").dropFirst().joined(separator: ".")
        if !components.contains(where: { $0.name == name }) {
            let index = components.count
            components.append((name, .null))
            let record = SchemaRecord(reader: self)
            _ = try? type.init(from: record)
            components[index].value = record.schema
        }
        return ["$ref": .string("#/components/schemas/\(name)")]
    }
}

/// A type whose schema and any value are known without asking it.
private protocol Described: Decodable {
    static var anyValue: Self { get }
    static func schema(by reader: SchemaReader) -> JSONValue
}

extension String: Described {
    static var anyValue: String { "" }
    static func schema(by reader: SchemaReader) -> JSONValue { ["type": "string"] }
}

extension Bool: Described {
    static var anyValue: Bool { false }
    static func schema(by reader: SchemaReader) -> JSONValue { ["type": "boolean"] }
}

extension Int: Described {
    static var anyValue: Int { 0 }
    static func schema(by reader: SchemaReader) -> JSONValue { ["type": "integer"] }
}

extension Int64: Described {
    static var anyValue: Int64 { 0 }
    static func schema(by reader: SchemaReader) -> JSONValue { ["type": "integer"] }
}

extension Double: Described {
    static var anyValue: Double { 0 }
    static func schema(by reader: SchemaReader) -> JSONValue { ["type": "number"] }
}

extension Array: Described where Element: Decodable {
    static var anyValue: [Element] { [] }
    static func schema(by reader: SchemaReader) -> JSONValue {
        ["type": "array", "items": reader.schema(of: Element.self)]
    }
}

extension Dictionary: Described where Key == String, Value: Decodable {
    static var anyValue: [String: Value] { [:] }
    static func schema(by reader: SchemaReader) -> JSONValue {
        ["type": "object", "additionalProperties": reader.schema(of: Value.self)]
    }
}

/// What one type asks for.
private final class SchemaRecord: Decoder {
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]
    private let reader: SchemaReader
    private var properties: [(name: String, value: JSONValue)] = []
    private var required: [JSONValue] = []
    private var single: JSONValue?

    init(reader: SchemaReader) { self.reader = reader }

    var schema: JSONValue {
        if let single { return single }
        var members: [(name: String, value: JSONValue)] = [("type", "object"), ("properties", .object(properties))]
        if !required.isEmpty { members.append(("required", .array(required))) }
        return .object(members)
    }

    func read<Value: Decodable>(_ type: Value.Type, _ name: String, isOptional: Bool) throws -> Value {
        properties.append((name, reader.schema(of: type)))
        if !isOptional { required.append(.string(name)) }
        return try anyValue(type)
    }

    func readSingle<Value: Decodable>(_ type: Value.Type) throws -> Value {
        single = reader.schema(of: type)
        return try anyValue(type)
    }

    private func anyValue<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if let known = type as? any Described.Type, let value = known.anyValue as? Value { return value }
        return try Value(from: SchemaRecord(reader: reader))
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(Keyed(record: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw Indescribable() }

    func singleValueContainer() -> any SingleValueDecodingContainer { Single(record: self) }
}

/// A type that reads itself in a way that this cannot follow.
private struct Indescribable: Error {}

private struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let codingPath: [any CodingKey] = []
    let allKeys: [Key] = []
    let record: SchemaRecord

    func contains(_ key: Key) -> Bool { true }
    func decodeNil(forKey key: Key) -> Bool { false }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try record.read(type, key.stringValue, isOptional: false)
    }

    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        try optional(type, key)
    }

    // The standard ones of these would ask for a value that must be there.
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { try optional(type, key) }
    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try optional(type, key) }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try optional(type, key) }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? { try optional(type, key) }

    private func optional<Value: Decodable>(_ type: Value.Type, _ key: Key) throws -> Value? {
        try record.read(type, key.stringValue, isOptional: true)
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> { throw Indescribable() }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { throw Indescribable() }
    func superDecoder() throws -> any Decoder { throw Indescribable() }
    func superDecoder(forKey key: Key) throws -> any Decoder { throw Indescribable() }
}

private struct Single: SingleValueDecodingContainer {
    let codingPath: [any CodingKey] = []
    let record: SchemaRecord

    func decodeNil() -> Bool { false }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try record.readSingle(type) }
}
