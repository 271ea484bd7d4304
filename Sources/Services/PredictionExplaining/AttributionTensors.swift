// SPDX-License-Identifier: Apache-2.0
package import Tensors

/// Attributions in the form of an answer, on their way from a lane to whoever writes them.
package enum AttributionTensors {
    private static let methods: [Attribution.Method] = [.trees, .additive, .exact, .sampled]
    private static let scales: [Attribution.Scale] = [.output, .margin, .logOdds]

    /// Base, value, method, scale and position of each row, then contributions and errors `[rows, columns]`.
    package static func tensors(of attributions: [Attribution]) -> [Tensor] {
        let count = attributions.count
        let columns = attributions.first?.contributions.count ?? 0
        let facts = attributions.flatMap { one in
            [
                one.base, one.value, Double(methods.firstIndex(of: one.method) ?? 0),
                Double(scales.firstIndex(of: one.scale) ?? 0), Double(one.position ?? -1),
            ]
        }
        return [
            Tensor(.float64, shape: [count, 5], elements: facts),
            Tensor(.float64, shape: [count, columns], elements: attributions.flatMap(\.contributions)),
            Tensor(.float64, shape: [count, columns], elements: attributions.flatMap(\.errors)),
        ]
    }

    /// - Precondition: What ``tensors(of:)`` made.
    package static func attributions(of tensors: [Tensor]) -> [Attribution] {
        let facts = tensors[0].elements(as: Double.self)
        let contributions = tensors[1].elements(as: Double.self)
        let errors = tensors[2].elements(as: Double.self)
        let columns = tensors[1].shape[1]
        return (0..<tensors[0].shape[0]).map { row in
            let own = Array(facts[row * 5..<row * 5 + 5])
            return Attribution(
                method: methods[Int(own[2])], scale: scales[Int(own[3])], position: own[4] < 0 ? nil : Int(own[4]),
                base: own[0], value: own[1], contributions: Array(contributions[row * columns..<(row + 1) * columns]),
                errors: Array(errors[row * columns..<(row + 1) * columns]))
        }
    }
}
