// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import ModelExecution
internal import Tensors

/// A forest in memory. A call runs on the caller's thread, takes no lock, and answers every row as it would alone.
///
/// Not generic itself: what is called through a protocol would then not be compiled for the forest's own types.
final class ForestEngine: InferenceEngine {
    let inputs: [TensorSpec]
    let outputs: [TensorSpec]
    private let sums: ForestModel.Sums
    private let margins: Margins
    private let transform: OutputTransform
    private let gives: [ForestDescriptor.Gives]
    private let classes: ForestDescriptor.Classes?
    private let width: Int

    /// - Throws: ``EngineError/modelRefused(reason:)`` when the trees do not give what the descriptor says.
    init(_ descriptor: ForestDescriptor, _ model: ForestModel) throws(EngineError) {
        inputs = descriptor.inputs
        outputs = descriptor.outputs.map(\.spec)
        gives = descriptor.outputs.map(\.gives)
        classes = descriptor.classes
        width = descriptor.inputs.reduce(0) { $0 + ($1.columnCount ?? 0) }
        margins = model.margins
        transform = model.transform
        sums = model.sums
        guard width >= model.columnCount else {
            throw .modelRefused(reason: "its trees look at \(model.columnCount) columns, and its inputs have \(width)")
        }
        for (spec, gives) in descriptor.outputs {
            guard let problem = problem(of: spec, giving: gives) else { continue }
            throw .modelRefused(reason: "the output “\(spec.name.prefix(100))” \(problem)")
        }
    }

    private var classCount: Int { margins.count == 1 ? 2 : margins.count }

    /// Why an output cannot be as it is declared.
    private func problem(of spec: TensorSpec, giving gives: ForestDescriptor.Gives) -> String? {
        let size: Int?
        switch gives {
        case .margins: size = margins.count == 1 ? nil : margins.count
        case .prediction: size = margins.count == 1 || transform == .largest ? nil : margins.count
        case .probabilities: size = classCount
        case .decision: size = nil
        case .contributions:
            guard sums.explains else { return "gives contributions, for which the trees lack covers, or are too deep" }
            size = margins.count == 1 ? nil : margins.count
        }
        let inner = (size.map { [$0] } ?? []) + (gives == .contributions ? [width + 1] : [])
        guard spec.shape.first.map({ $0.size == nil }) == true, spec.shape.dropFirst().map(\.size) == inner else {
            let sizes = inner.map { ", \($0)" }.joined()
            return "has the shape \(spec.shapeDescription), and is [rows\(sizes)]"
        }
        if gives == .probabilities || gives == .decision {
            switch transform {
            case .sigmoid, .softmax, .largest: break
            default: return "gives \(gives), which this objective has none of"
            }
        }
        if gives == .decision {
            if let classes, classes.count != classCount {
                return "names \(classes.count) classes, and the trees know \(classCount)"
            }
            let isText = if case .texts? = classes { true } else { false }
            return spec.datatype == (isText ? .bytes : .int64) ? nil : "gives \(isText ? "BYTES" : "INT64")"
        }
        return [.float32, .float64].contains(spec.datatype) ? nil : "gives FP32 or FP64"
    }

    func run(_ tensors: [Tensor]) throws(EngineError) -> [Tensor] {
        try requireFit(tensors)
        let count = tensors[0].shape[0]
        guard tensors.allSatisfy({ $0.shape[0] == count }) else {
            throw .runFailed(reason: "its inputs have different numbers of rows")
        }
        return switch sums {
        case .xgboost(let forest): answers(of: forest, to: tensors, count)
        case .lightgbm(let forest): answers(of: forest, to: tensors, count)
        case .catboost(let forest): answers(of: forest, to: tensors, count)
        }
    }

    private func answers<Sums: ForestSums>(of forest: Sums, to tensors: [Tensor], _ count: Int) -> [Tensor] {
        let summed =
            switch (tensors.count, tensors[0].datatype) {
            case (1, .float32): tensors[0].withElements(as: Float.self) { margins(of: forest, $0, count) }
            case (1, .float64): tensors[0].withElements(as: Double.self) { margins(of: forest, $0, count) }
            default: margins(of: forest, sideBySide(tensors, count, as: Sums.Input.self).span, count)
            }
        let isForClasses = gives.contains { $0 == .probabilities || $0 == .decision }
        let likely = isForClasses ? probabilities(summed) : []
        return zip(outputs, gives).map { spec, gives in
            switch gives {
            case .margins: numbers(summed, spec, count)
            case .prediction: numbers(applied(transform, to: summed), spec, count)
            case .probabilities: numbers(likely, spec, count)
            case .decision: decisions(likely, count)
            case .contributions: numbers(contributions(of: forest, to: tensors, count), spec, count)
            }
        }
    }

    /// - Returns: Rows × outputs × (columns + 1).
    private func contributions<Sums: ForestSums>(of forest: Sums, to tensors: [Tensor], _ count: Int) -> [Double] {
        let rows = sideBySide(tensors, count, as: Sums.Input.self)
        var found = [Double](repeating: 0, count: count * margins.count * (width + 1))
        unsafe found.withUnsafeMutableBufferPointer { target in
            unsafe rows.withUnsafeBufferPointer { rows in
                guard let target = target.baseAddress, let rows = rows.baseAddress else { return }
                unsafe forest.contribute(rows, count: count, stride: width, columns: width, to: target)
            }
        }
        for index in 0..<count * margins.count {
            found[index * (width + 1) + width] += margins.start[index % margins.count]
        }
        return found
    }

    /// One matrix of all columns.
    private func sideBySide<Input: ForestScalar>(_ tensors: [Tensor], _ count: Int, as _: Input.Type) -> [Input] {
        var matrix = [Input](repeating: 0, count: count * width)
        var first = 0
        for (tensor, spec) in zip(tensors, inputs) {
            let columns = spec.columnCount ?? 0
            guard columns > 0, let values = tensor.doubles else { continue }
            for (index, value) in values.enumerated() {
                matrix[index / columns * width + first + index % columns] = Input(value)
            }
            first += columns
        }
        return matrix
    }

    /// - Returns: Rows × outputs.
    private func margins<Sums: ForestSums, Value: ForestScalar>(
        of forest: Sums, _ values: Span<Value>, _ count: Int
    ) -> [Sums.Sum] {
        guard count > 0 else { return [] }
        var summed: [Sums.Sum] = []
        summed.reserveCapacity(count * margins.count)
        for _ in 0..<count { for start in margins.start { summed.append(Sums.Sum(start)) } }
        unsafe summed.withUnsafeMutableBufferPointer { target in
            guard let target = target.baseAddress else { return }
            unsafe values.withUnsafeBufferPointer { values in
                guard let base = values.baseAddress else { return }
                if Value.self == Sums.Input.self {
                    unsafe forest.add(
                        UnsafeRawPointer(base).assumingMemoryBound(to: Sums.Input.self), count: count, stride: width,
                        to: target)
                    return
                }
                // In blocks, so that what is converted stays near.
                let block = max(1, min(count, 4096 / width))
                unsafe withUnsafeTemporaryAllocation(of: Sums.Input.self, capacity: block * width) { converted in
                    guard let start = converted.baseAddress else { return }
                    var first = 0
                    while first < count {
                        let size = min(block, count - first)
                        for index in 0..<size * width {
                            unsafe (start + index).initialize(to: Sums.Input(base[first * width + index]))
                        }
                        unsafe forest.add(
                            start, count: size, stride: width, to: target + first * margins.count)
                        first += size
                    }
                }
            }
        }
        if let (scale, bias) = margins.scaleAndBias {
            for index in summed.indices {
                summed[index] = Sums.Sum(scale) * summed[index] + Sums.Sum(bias[index % bias.count])
            }
        }
        return summed
    }

    private func applied<Value: ForestScalar>(_ transform: OutputTransform, to summed: [Value]) -> [Value] {
        let mean = margins.divisor.map { divisor in summed.map { $0 / Value(divisor) } }
        return transform.applied(to: mean ?? summed, width: margins.count)
    }

    private func probabilities<Value: ForestScalar>(_ summed: [Value]) -> [Value] {
        let transform = transform == .largest ? OutputTransform.softmax : transform
        let found = applied(transform, to: summed)
        guard margins.count == 1 else { return found }
        return found.flatMap { [1 - $0, $0] }
    }

    private func decisions<Value: ForestScalar>(_ likely: [Value], _ count: Int) -> Tensor {
        let chosen = (0..<count).map { row in positionOfLargest(likely[row * classCount..<(row + 1) * classCount]) }
        switch classes {
        case .texts(let texts)?: return Tensor(strings: chosen.map { texts[$0] }, shape: [count])
        case .numbers(let numbers)?: return Tensor(.int64, shape: [count], elements: chosen.map { numbers[$0] })
        case nil: return Tensor(.int64, shape: [count], elements: chosen.map(Int64.init))
        }
    }

    private func numbers<Value: ForestScalar>(_ values: [Value], _ spec: TensorSpec, _ count: Int) -> Tensor {
        let shape = [count] + spec.shape.dropFirst().compactMap(\.size)
        if spec.datatype == .float32 {
            return Tensor(.float32, shape: shape, elements: values as? [Float] ?? values.map { Float($0) })
        }
        return Tensor(.float64, shape: shape, elements: values as? [Double] ?? values.map { Double($0) })
    }
}

/// The position of the first of the largest.
private func positionOfLargest<Value: Comparable>(_ values: ArraySlice<Value>) -> Int {
    var best = values.startIndex
    for index in values.indices where values[index] > values[best] { best = index }
    return best - values.startIndex
}

extension OutputTransform {
    /// - Parameters:
    ///   - margins: Rows × `width`.
    /// - Returns: As many, or one for each row in the case of ``largest``.
    func applied<Value: ForestScalar>(to margins: [Value], width: Int) -> [Value] {
        switch self {
        case .identity: margins
        case .sigmoid(let scale): margins.map { sigmoid(Value(scale) * $0) }
        case .exponential: margins.map(Value.exponential)
        case .hinge: margins.map { $0 > 0 ? 1 : 0 }
        case .signedSquare: margins.map { $0.sign == .minus ? -($0 * $0) : $0 * $0 }
        case .softplus: margins.map { Value.logarithm(onePlus: Value.exponential($0)) }
        case .softmax: rows(of: margins, width).flatMap(softmax)
        case .largest: rows(of: margins, width).map { Value(positionOfLargest($0)) }
        }
    }

    private func rows<Value>(of margins: [Value], _ width: Int) -> [ArraySlice<Value>] {
        stride(from: 0, to: margins.count, by: width).map { margins[$0..<$0 + width] }
    }

    private func sigmoid<Value: ForestScalar>(_ margin: Value) -> Value {
        // The libraries' own bound in single precision, below which the quotient would be denormal.
        let exponent = Value.self == Float.self ? min(-margin, Value(88.7)) : -margin
        return 1 / (1 + Value.exponential(exponent))
    }

    private func softmax<Value: ForestScalar>(_ margins: ArraySlice<Value>) -> [Value] {
        let most = margins.max() ?? 0
        let powers = margins.map { Value.exponential($0 - most) }
        // In double precision, as XGBoost adds them too.
        let total = Value(powers.reduce(0.0) { $0 + Double($1) })
        return powers.map { $0 / total }
    }
}
