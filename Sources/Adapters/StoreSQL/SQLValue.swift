// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain

/// What a column holds, or a parameter is.
package enum SQLValue: Sendable, Hashable {
    case null
    case integer(Int64)
    /// Finite: SQLite keeps NaN as NULL.
    case real(Double)
    /// Without NUL characters: SQLite cuts a text there, and PostgreSQL refuses it.
    case text(String)
    case blob([UInt8])

    init(_ value: Int?) { self = value.map { .integer(Int64($0)) } ?? .null }
    init(_ value: String?) { self = value.map(SQLValue.text) ?? .null }
    init(_ value: Timestamp) { self = .integer(value.microseconds) }
    init(_ value: Digest?) { self.init(value?.hex) }
    init(_ value: some GivenName) { self = .text(value.rawValue) }

    /// Whether every product gives back what it is given.
    var survivesStorage: Bool {
        switch self {
        case .null, .integer, .blob: true
        case .real(let value): value.isFinite
        case .text(let text): !text.utf8.contains(0)
        }
    }
}

/// One row of an answer, read by the names of its columns.
package struct SQLRow: Sendable {
    let columns: [String]
    let values: [SQLValue]

    package init(columns: [String], values: [SQLValue]) {
        self.columns = columns
        self.values = values
    }

    package subscript(column: String) -> SQLValue? {
        columns.firstIndex(of: column).map { values[$0] }
    }

    func optionalInteger(_ column: String) throws -> Int? {
        switch self[column] {
        case .null: nil
        case .integer(let value): Int(value)
        default: throw unreadable(column)
        }
    }

    func integer(_ column: String) throws -> Int { try required(optionalInteger(column), column) }

    func optionalInteger64(_ column: String) throws -> Int64? { try optionalInteger(column).map(Int64.init) }

    func integer64(_ column: String) throws -> Int64 { Int64(try integer(column)) }

    func real(_ column: String) throws -> Double {
        guard case .real(let value) = self[column] else { throw unreadable(column) }
        return value
    }

    /// `nil` also where the statement has no such column.
    func textIfAny(_ column: String) throws -> String? {
        self[column] == nil ? nil : try optionalText(column)
    }

    func optionalText(_ column: String) throws -> String? {
        switch self[column] {
        case .null: nil
        case .text(let text): text
        default: throw unreadable(column)
        }
    }

    func text(_ column: String) throws -> String { try required(optionalText(column), column) }

    func blob(_ column: String) throws -> [UInt8] {
        guard case .blob(let bytes) = self[column] else { throw unreadable(column) }
        return bytes
    }

    func time(_ column: String) throws -> Timestamp { Timestamp(microseconds: Int64(try integer(column))) }

    func optionalDigest(_ column: String) throws -> Digest? {
        try optionalText(column).map { try required(Digest($0), column) }
    }

    func digest(_ column: String) throws -> Digest { try required(optionalDigest(column), column) }

    func name<Name: GivenName>(_ column: String) throws -> Name {
        try required(Name(rawValue: try text(column)), column)
    }

    func required<Value>(_ value: Value?, _ column: String) throws -> Value {
        guard let value else { throw unreadable(column) }
        return value
    }

    private func unreadable(_ column: String) -> StoreFailure {
        StoreFailure(.unreadable(column: column))
    }
}
