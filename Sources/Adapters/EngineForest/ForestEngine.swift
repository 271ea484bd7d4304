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
    private let categories: Set<Int>

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
        categories = model.categories
        guard width >= model.columnCount else {
            throw .modelRefused(reason: "its trees look at \(model.columnCount) columns, and its inputs have \(width)")
        }
        try Self.check(descriptor.inputs, model.categories)
        for (spec, gives) in descriptor.outputs {
            guard let problem = problem(of: spec, giving: gives) else { continue }
            throw .modelRefused(reason: "the output “\(spec.name.prefix(100))” \(problem)")
        }
    }

    /// - Throws: ``EngineError/modelRefused(reason:)`` where texts are taken for numbers, or fractions for categories.
    private static func check(_ inputs: [TensorSpec], _ categories: Set<Int>) throws(EngineError) {
        var first = 0
        for spec in inputs {
            let columns = first..<first + (spec.columnCount ?? 0)
            first = columns.upperBound
            switch spec.datatype {
            case .bytes:
                guard let number = columns.first(where: { !categories.contains($0) }) else { continue }
                throw .modelRefused(
                    reason: "the input “\(spec.name.prefix(100))” is of texts, and column \(number) of its trees is not"
                )
            case .float16, .bfloat16, .float32, .float64:
                guard let category = columns.first(where: categories.contains) else { continue }
                throw .modelRefused(
                    reason:
                        "column \(category) of its trees is a category, and the input “\(spec.name.prefix(100))” is "
                        + "neither of texts nor of whole numbers")
            default: continue
            }
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
            case _ where !categories.isEmpty:
                margins(of: forest, sideBySide(tensors, count, as: Sums.Input.self).span, count)
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

    func contributions(
        _ tensors: [Tensor], toward output: Int, position: Int?
    ) throws(EngineError) -> ValueContributions? {
        try requireFit(tensors)
        guard sums.explains, let (margin, sign) = margin(of: gives[output], position) else { return nil }
        let count = tensors[0].shape[0]
        let all =
            switch sums {
            case .xgboost(let forest): contributions(of: forest, to: tensors, count)
            case .lightgbm(let forest): contributions(of: forest, to: tensors, count)
            case .catboost(let forest): contributions(of: forest, to: tensors, count)
            }
        let size = width + 1
        let numbers = (0..<count).flatMap { row in
            let first = (row * margins.count + margin) * size
            return all[first..<first + size].map { sign * $0 }
        }
        return ValueContributions(rowCount: count, valueCount: width, numbers: numbers)
    }

    /// The margin that an answer is made of; of two classes, the first is against it.
    private func margin(of gives: ForestDescriptor.Gives, _ position: Int?) -> (margin: Int, sign: Double)? {
        switch gives {
        case .margins, .prediction:
            guard margins.count > 1 else { return (0, 1) }
            return position.map { ($0, 1) }
        case .probabilities:
            guard let position else { return nil }
            return margins.count == 1 ? (0, position == 1 ? 1 : -1) : (position, 1)
        case .decision, .contributions: return nil
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

    /// One matrix of all columns, categories as their numbers' bits.
    private func sideBySide<Input: ForestScalar>(_ tensors: [Tensor], _ count: Int, as _: Input.Type) -> [Input] {
        var matrix = [Input](repeating: 0, count: count * width)
        var first = 0
        for (tensor, spec) in zip(tensors, inputs) {
            let columns = spec.columnCount ?? 0
            guard columns > 0 else { continue }
            if let values = tensor.doubles {
                for (index, value) in values.enumerated() {
                    matrix[index / columns * width + first + index % columns] = Input(value)
                }
            }
            for column in first..<first + columns where categories.contains(column) {
                for row in 0..<count {
                    let hash = categoryHash(of: row * columns + column - first, in: tensor)
                    matrix[row * width + column] = Input(category: hash)
                }
            }
            first += columns
        }
        return matrix
    }

    private func categoryHash(of element: Int, in tensor: Tensor) -> UInt32 {
        switch tensor.datatype {
        case .bytes: unsafe tensor.withBytes(at: element) { unsafe CategoryHash.of($0) }
        case .int64: tensor.withElements(as: Int64.self) { CategoryHash.of($0[element]) }
        case .int32: tensor.withElements(as: Int32.self) { CategoryHash.of($0[element]) }
        case .int16: tensor.withElements(as: Int16.self) { CategoryHash.of($0[element]) }
        case .int8: tensor.withElements(as: Int8.self) { CategoryHash.of($0[element]) }
        case .uint64: tensor.withElements(as: UInt64.self) { CategoryHash.of($0[element]) }
        case .uint32: tensor.withElements(as: UInt32.self) { CategoryHash.of($0[element]) }
        case .uint16: tensor.withElements(as: UInt16.self) { CategoryHash.of($0[element]) }
        // A boolean is a category called 0 or 1.
        case .bool, .uint8: tensor.withElements(as: UInt8.self) { CategoryHash.of($0[element]) }
        case .float16, .bfloat16, .float32, .float64: 0
        }
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
