// SPDX-License-Identifier: Apache-2.0

/// JSON as the vectors spell it.
enum VectorValue: Decodable, Sendable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case text(String)
    case list([VectorValue])
    case record([String: VectorValue])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let list = try? value.decode([VectorValue].self) {
            self = .list(list)
        } else if let isTrue = try? value.decode(Bool.self) {
            self = .bool(isTrue)
        } else {
            self = .record(try value.decode([String: VectorValue].self))
        }
    }
}

/// What an input should hold and does not.
struct VectorMisread: Error, CustomStringConvertible {
    let description: String

    init(_ wanted: String, _ found: VectorValue) { description = "not \(wanted): \(found)" }
}

extension VectorValue {
    /// The field `name`; null when there is none.
    subscript(name: String) -> VectorValue {
        guard case .record(let fields) = self else { return .null }
        return fields[name] ?? .null
    }

    var isNull: Bool { self == .null }

    /// A number, or one that JSON has only a name for.
    var number: Double {
        get throws {
            switch self {
            case .number(let number): return number
            case .text("NaN"): return .nan
            case .text("Infinity"): return .infinity
            case .text("-Infinity"): return -.infinity
            default: throw VectorMisread("a number", self)
            }
        }
    }

    var integer: Int {
        get throws {
            guard let integer = Int(exactly: try number) else { throw VectorMisread("an integer", self) }
            return integer
        }
    }

    var bool: Bool {
        get throws {
            guard case .bool(let isTrue) = self else { throw VectorMisread("true or false", self) }
            return isTrue
        }
    }

    var text: String {
        get throws {
            guard case .text(let text) = self else { throw VectorMisread("a text", self) }
            return text
        }
    }

    var list: [VectorValue] {
        get throws {
            guard case .list(let list) = self else { throw VectorMisread("a list", self) }
            return list
        }
    }

    var record: [String: VectorValue] {
        get throws {
            guard case .record(let fields) = self else { throw VectorMisread("a record", self) }
            return fields
        }
    }

    var numbers: [Double] { get throws { try list.map { try $0.number } } }
    /// Numbers of which null is a missing one.
    var numbersOrMissing: [Double] { get throws { try list.map { $0.isNull ? .nan : try $0.number } } }
    var integers: [Int] { get throws { try list.map { try $0.integer } } }
    var texts: [String] { get throws { try list.map { try $0.text } } }
    var rows: [[Double]] { get throws { try list.map { try $0.numbers } } }

    /// `nil` for null, else what `read` finds.
    func ifPresent<Value>(_ read: (VectorValue) throws -> Value) rethrows -> Value? { isNull ? nil : try read(self) }
}
