// SPDX-License-Identifier: Apache-2.0
internal import Tensors

/// What a value of the library can be.
enum ORTKind: Int32 {
    case unknown = 0
    case tensor = 1
    case sequence = 2
    case map = 3
    case opaque = 4
    case sparseTensor = 5
    case optional = 6
}

/// The type that a model declares for an input or an output.
indirect enum ORTType {
    /// `element` is the library's number of the element type. A shape that was not declared comes as `[]`.
    case tensor(element: Int32, shape: [Dimension])
    case sequence(ORTType)
    case map(key: Int32, value: ORTType)
    case other(ORTKind)

    /// What a tensor of this type looks like to callers; `nil` when it has no tensor form.
    ///
    /// - Sequences of tensors are stacked: one more dimension in front, of any size.
    /// - Maps, which classifiers that were exported with ZipMap give, are rows: `[batch, ?]`, the values ordered by
    ///   ascending key. A map alone is a single row.
    func outputSpec(named name: String) -> TensorSpec? {
        switch self {
        case .tensor(let element, let shape):
            Datatype(element: element).map { TensorSpec(name: name, datatype: $0, shape: shape) }
        case .sequence(.tensor(let element, let shape)):
            Datatype(element: element).map { TensorSpec(name: name, datatype: $0, shape: [.symbolic("")] + shape) }
        case .sequence(.map(_, .tensor(let element, _))):
            Datatype(element: element).map {
                TensorSpec(name: name, datatype: $0, shape: [.symbolic("batch"), .symbolic("")])
            }
        case .map(_, .tensor(let element, _)):
            Datatype(element: element).map { TensorSpec(name: name, datatype: $0, shape: [.fixed(1), .symbolic("")]) }
        case .sequence, .map, .other: nil
        }
    }

    /// What an input takes; `nil` for everything but tensors.
    func inputSpec(named name: String) -> TensorSpec? {
        guard case .tensor = self else { return nil }
        return outputSpec(named: name)
    }
}

extension ORTType: CustomStringConvertible {
    /// With its article, as a sentence goes on after “is”.
    var description: String {
        switch self {
        case .tensor(let element, _): "a tensor of \(elementNames[Int(element)] ?? "an unknown type")"
        case .sequence(let element): "a sequence whose elements are each \(element)"
        case .map(_, let value): "a map whose values are each \(value)"
        case .other(.sparseTensor): "a sparse tensor"
        case .other(.optional): "an optional value"
        case .other: "a value of an unknown kind"
        }
    }
}

/// Element types that have no tensor form here, as their makers call them.
private let elementNames = [
    14: "complex64", 15: "complex128", 17: "float8e4m3fn", 18: "float8e4m3fnuz", 19: "float8e5m2", 20: "float8e5m2fnuz",
    21: "uint4", 22: "int4", 23: "float4e2m1",
]

/// Datatypes at the library's numbers.
private let datatypes: [Datatype?] = (0...16).map { number in
    Datatype.allCases.first { $0.element == number }
}

extension Datatype {
    /// - Parameter element: The library's number of an element type.
    init?(element: Int32) {
        guard datatypes.indices.contains(Int(element)), let datatype = datatypes[Int(element)] else { return nil }
        self = datatype
    }

    /// The library's number of this element type.
    var element: Int32 {
        switch self {
        case .float32: 1
        case .uint8: 2
        case .int8: 3
        case .uint16: 4
        case .int16: 5
        case .int32: 6
        case .int64: 7
        case .bytes: 8
        case .bool: 9
        case .float16: 10
        case .float64: 11
        case .uint32: 12
        case .uint64: 13
        case .bfloat16: 16
        }
    }
}
