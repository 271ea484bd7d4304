// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Tensors

/// As `StandardScaler`, `RobustScaler`, `MaxAbsScaler` (subtract, divide) and `MinMaxScaler` (multiply, add), one rounding
/// after each step.
func buildScale(_ fields: OperationFields, _ builder: inout ProgramBuilder) throws(TableFault) {
    try fields.require(only: "subtract", "divide", "multiply", "add")
    let values = try builder.floatingValues(of: try fields.columns())
    let steps: [(String, ScaleStep)] = [
        ("subtract", .subtract), ("divide", .divide), ("multiply", .multiply), ("add", .add),
    ]
    var found = false
    for (key, step) in steps {
        guard let numbers = try fields.numbers(key, count: values.count) else { continue }
        found = true
        builder.operations.append(Scale(values: values, numbers: numbers, step: step))
    }
    guard found else { throw TableFault("it has none of “subtract”, “divide”, “multiply” and “add”") }
}

enum ScaleStep: Sendable { case subtract, divide, multiply, add }

struct Scale: TableOperation {
    let values: [(slot: Int, rounding: Rounding)]
    let numbers: [Double]
    let step: ScaleStep

    func run(_ table: inout WorkTable) {
        for (value, number) in zip(values, numbers) {
            switch step {
            case .subtract: table.update(value.slot, value.rounding) { $0 - number }
            case .divide: table.update(value.slot, value.rounding) { $0 / number }
            case .multiply: table.update(value.slot, value.rounding) { $0 * number }
            case .add: table.update(value.slot, value.rounding) { $0 + number }
            }
        }
    }

    var flows: [SlotFlow] { values.map(\.slot).inPlace }
}

func buildClip(_ fields: OperationFields, _ builder: inout ProgramBuilder) throws(TableFault) {
    try fields.require(only: "low", "high")
    let values = try builder.floatingValues(of: try fields.columns())
    let low = try fields.numbers("low", count: values.count)
    let high = try fields.numbers("high", count: values.count)
    guard low != nil || high != nil else { throw TableFault("it has neither “low” nor “high”") }
    for (low, high) in zip(low ?? [], high ?? []) where low > high { throw TableFault("\(low) is above \(high)") }
    builder.operations.append(
        Clip(
            values: values.enumerated().map { index, value in
                (value.slot, value.rounding(low?[index] ?? -.infinity), value.rounding(high?[index] ?? .infinity))
            }))
}

struct Clip: TableOperation {
    let values: [(slot: Int, low: Double, high: Double)]

    func run(_ table: inout WorkTable) {
        // A missing value stays missing.
        for (slot, low, high) in values { table.update(slot, .none) { $0 < low ? low : $0 > high ? high : $0 } }
    }

    var flows: [SlotFlow] { values.map(\.slot).inPlace }
}

/// Functions of one number, by the names that NumPy gives them.
enum NumberFunction: String, CaseIterable, Sendable {
    case log, log1p, log2, log10, exp, expm1, sqrt, cbrt, square, reciprocal, abs, negative, sign, floor, ceil, round
    case trunc, sin, cos, tan, tanh, sigmoid
    case isMissing = "is_missing"
}

func buildApply(_ fields: OperationFields, _ builder: inout ProgramBuilder) throws(TableFault) {
    try fields.require(only: "function")
    guard let function = try fields.choice("function", of: NumberFunction.self) else {
        throw fields.wrong("function", NumberFunction.allCases.map(\.rawValue).joined(separator: ", "))
    }
    let columns = try fields.columns()
    let values = try builder.floatingValues(of: columns)
    builder.operations.append(Apply(values: values, function: function))
    if function == .isMissing { for index in columns { builder.shape.set(.bool, of: index) } }
}

struct Apply: TableOperation {
    let values: [(slot: Int, rounding: Rounding)]
    let function: NumberFunction

    func run(_ table: inout WorkTable) {
        for (slot, rounding) in values {
            switch function {
            case .log: table.update(slot, rounding) { Glibc.log($0) }
            case .log1p: table.update(slot, rounding) { Glibc.log1p($0) }
            case .log2: table.update(slot, rounding) { Glibc.log2($0) }
            case .log10: table.update(slot, rounding) { Glibc.log10($0) }
            case .exp: table.update(slot, rounding) { Glibc.exp($0) }
            case .expm1: table.update(slot, rounding) { Glibc.expm1($0) }
            case .sqrt: table.update(slot, rounding) { $0.squareRoot() }
            case .cbrt: table.update(slot, rounding) { Glibc.cbrt($0) }
            case .square: table.update(slot, rounding) { $0 * $0 }
            case .reciprocal: table.update(slot, rounding) { 1 / $0 }
            case .abs: table.update(slot, rounding) { Swift.abs($0) }
            case .negative: table.update(slot, rounding) { -$0 }
            case .sign: table.update(slot, rounding) { $0.isNaN ? $0 : $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }
            case .floor: table.update(slot, rounding) { $0.rounded(.down) }
            case .ceil: table.update(slot, rounding) { $0.rounded(.up) }
            case .round: table.update(slot, rounding) { $0.rounded(.toNearestOrEven) }
            case .trunc: table.update(slot, rounding) { $0.rounded(.towardZero) }
            case .sin: table.update(slot, rounding) { Glibc.sin($0) }
            case .cos: table.update(slot, rounding) { Glibc.cos($0) }
            case .tan: table.update(slot, rounding) { Glibc.tan($0) }
            case .tanh: table.update(slot, rounding) { Glibc.tanh($0) }
            case .sigmoid: table.update(slot, rounding, sigmoid)
            case .isMissing: table.update(slot, rounding) { $0.isNaN ? 1 : 0 }
            }
        }
    }

    var flows: [SlotFlow] { values.map(\.slot).inPlace }
}

/// `1 / (1 + e^-x)`, without overflow on either side.
package func sigmoid(_ value: Double) -> Double {
    if value >= 0 { return 1 / (1 + exp(-value)) }
    let power = exp(value)
    return power / (1 + power)
}

/// As `PowerTransformer` without its scaling.
func buildPower(_ fields: OperationFields, _ builder: inout ProgramBuilder) throws(TableFault) {
    try fields.require(only: "method", "lambdas")
    let values = try builder.floatingValues(of: try fields.columns())
    guard let lambdas = try fields.numbers("lambdas", count: values.count) else {
        throw fields.wrong("lambdas", "\(values.count) numbers")
    }
    guard let method = try fields.choice("method", of: Power.Method.self) else {
        throw fields.wrong("method", "yeo-johnson or box-cox")
    }
    builder.operations.append(Power(values: values, lambdas: lambdas, method: method))
}

struct Power: TableOperation {
    enum Method: String, CaseIterable, Sendable {
        case yeoJohnson = "yeo-johnson"
        case boxCox = "box-cox"
    }

    let values: [(slot: Int, rounding: Rounding)]
    let lambdas: [Double]
    let method: Method

    func run(_ table: inout WorkTable) {
        for (value, lambda) in zip(values, lambdas) {
            switch method {
            case .boxCox: table.update(value.slot, value.rounding) { boxCox($0, lambda) }
            case .yeoJohnson: table.update(value.slot, value.rounding) { yeoJohnson($0, lambda) }
            }
        }
    }

    private func boxCox(_ value: Double, _ lambda: Double) -> Double {
        lambda == 0 ? log(value) : expm1(lambda * log(value)) / lambda
    }

    private func yeoJohnson(_ value: Double, _ lambda: Double) -> Double {
        guard !value.isNaN else { return value }
        if value >= 0 {
            return Swift.abs(lambda) < Double.ulpOfOne ? log1p(value) : expm1(log1p(value) * lambda) / lambda
        }
        let rest = 2 - lambda
        return Swift.abs(rest) < Double.ulpOfOne ? -log1p(-value) : -expm1(log1p(-value) * rest) / rest
    }

    var flows: [SlotFlow] { values.map(\.slot).inPlace }
}
