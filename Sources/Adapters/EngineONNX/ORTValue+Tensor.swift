// SPDX-License-Identifier: Apache-2.0
internal import Tensors

extension ORTValue {
    /// The value in its tensor form, see ``ORTType/outputSpec(named:)``.
    ///
    /// - Parameters:
    ///   - isTensor: Whether it is known to be one.
    ///   - lent: What the run was given: a value that lies in its memory is copied.
    func tensorForm(_ spec: TensorSpec, isTensor: Bool, lent: [Tensor]) throws(ORTFailure) -> Tensor {
        let tensor: Tensor
        switch isTensor ? .tensor : try kind {
        case .tensor:
            tensor = try self.tensor(lent: lent)
        case .map:
            tensor = try rows(of: [self], spec, lent)
        case .sequence:
            let elements = try elements()
            if case .map? = try elements.first?.kind {
                tensor = try rows(of: elements, spec, lent)
            } else {
                tensor = try stack(elements, spec, lent)
            }
        case let kind:
            throw ORTFailure(message: "the output “\(spec.name)” came as \(ORTType.other(kind))")
        }
        guard tensor.datatype == spec.datatype else {
            throw ORTFailure(
                message: "the output “\(spec.name)” is declared as \(spec.datatype.rawValue) "
                    + "and came as \(tensor.datatype.rawValue)")
        }
        return tensor
    }

    /// Shape `[n, …]` from n tensors of shape `[…]`.
    private func stack(_ elements: [ORTValue], _ spec: TensorSpec, _ lent: [Tensor]) throws(ORTFailure) -> Tensor {
        let parts = try elements.map { element throws(ORTFailure) in try element.tensor(lent: lent) }
        guard let first = parts.first else {
            let shape = try stackedShape([0] + spec.shape.dropFirst().map { $0.size ?? 0 }, spec)
            return Tensor(spec.datatype, joining: [], shape: shape)
        }
        guard parts.allSatisfy({ $0.shape == first.shape && $0.datatype == first.datatype }) else {
            throw ORTFailure(
                message: "the tensors in the sequence “\(spec.name)” have different shapes, so they make no single one")
        }
        return Tensor(
            first.datatype, joining: parts, shape: try stackedShape([parts.count] + first.shape, spec))
    }

    /// A model may declare dimensions that no tensor has, and a sequence of nothing never shows it.
    private func stackedShape(_ shape: Shape, _ spec: TensorSpec) throws(ORTFailure) -> Shape {
        guard countable(shape) != nil else {
            throw ORTFailure(message: "the sequence “\(spec.name)” makes a tensor of too many elements to count")
        }
        return shape
    }

    /// Shape `[maps, keys]`: the values of each map, ordered by ascending key.
    private func rows(of maps: [ORTValue], _ spec: TensorSpec, _ lent: [Tensor]) throws(ORTFailure) -> Tensor {
        var columns: MapKeys?
        var parts: [Tensor] = []
        var orders: [[Int]] = []
        for map in maps {
            let halves = try map.elements()
            guard halves.count == 2 else { throw ORTFailure(message: "“\(spec.name)” holds a map without values") }
            let (keys, order) = try MapKeys.sorted(halves[0].tensor(lent: lent))
            let values = try halves[1].tensor(lent: lent)
            guard columns == nil || columns == keys, values.elementCount == order.count,
                values.datatype == spec.datatype
            else {
                throw ORTFailure(message: "the maps in “\(spec.name)” have different keys, so they make no rows")
            }
            columns = keys
            parts.append(values)
            orders.append(order)
        }
        return Tensor(spec.datatype, joining: parts, orders: orders, shape: [maps.count, orders.first?.count ?? 0])
    }
}

/// The keys of a map. The library gives them in no order that would stay.
private enum MapKeys: Equatable {
    case numbers([Int64])
    case texts([[UInt8]])

    /// The keys in ascending order, numbers by size and texts by their bytes, and where each was.
    static func sorted(_ keys: Tensor) throws(ORTFailure) -> (keys: MapKeys, order: [Int]) {
        let positions = Array(0..<keys.elementCount)
        switch keys.datatype {
        case .int64:
            let numbers = keys.elements(as: Int64.self)
            let order = positions.sorted { numbers[$0] < numbers[$1] }
            return (.numbers(order.map { numbers[$0] }), order)
        case .bytes:
            let texts = positions.map { keys.text(at: $0) }
            let order = positions.sorted { texts[$0].lexicographicallyPrecedes(texts[$1]) }
            return (.texts(order.map { texts[$0] }), order)
        default:
            throw ORTFailure(message: "the model gave a map with keys of type \(keys.datatype.rawValue)")
        }
    }
}
