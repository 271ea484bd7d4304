// SPDX-License-Identifier: Apache-2.0
internal import Glibc
package import Tensors

// Operations on several values of a row at once.

/// As linear models and `PCA`: sums of products.
func buildLinear(_ fields: OperationFields, _ builder: inout ProgramBuilder) throws(TableFault) {
    try fields.require(only: "coefficients", "intercept", "subtract", "as")
    let columns = try fields.columns()
    let values = try builder.floatingValues(of: columns)
    guard let coefficients = try fields.rows("coefficients", width: values.count), !coefficients.isEmpty else {
        throw fields.wrong("coefficients", "lists of \(values.count) numbers")
    }
    let intercept =
        try fields.numbers("intercept", count: coefficients.count)
        ?? [Double](repeating: 0, count: coefficients.count)
    let subtract = try fields.numbers("subtract", count: values.count)
    let name = try fields.requiredText("as")
    let targets = try builder.replace(columns, by: TableColumn(name, .float64, width: coefficients.count))
    builder.operations.append(
        Linear(
            slots: values.map(\.slot), targets: targets, coefficients: coefficients, intercept: intercept,
            subtract: subtract))
}

struct Linear: TableOperation {
    let slots: [Int]
    let targets: [Int]
    let coefficients: [[Double]]
    let intercept: [Double]
    let subtract: [Double]?

    func run(_ table: inout WorkTable) {
        for row in 0..<table.rowCount {
            var values = slots.map { table[$0, row] }
            if let subtract { for index in values.indices { values[index] -= subtract[index] } }
            for (index, own) in coefficients.enumerated() {
                var sum = 0.0
                for position in own.indices { sum += own[position] * values[position] }
                table[targets[index], row] = sum + intercept[index]
            }
        }
    }

    var flows: [SlotFlow] { [SlotFlow(numbers: slots, targets: targets)] }
}

/// As `PolynomialFeatures`: products of powers.
func buildPolynomial(_ fields: OperationFields, _ builder: inout ProgramBuilder) throws(TableFault) {
    try fields.require(only: "powers", "as")
    let columns = try fields.columns()
    let datatypes = Set(columns.map { builder.shape.entries[$0].column.datatype })
    let values = try builder.floatingValues(of: columns)
    guard let powers = try fields.rows("powers", width: values.count), !powers.isEmpty else {
        throw fields.wrong("powers", "lists of \(values.count) whole numbers")
    }
    let whole = try powers.map { row throws(TableFault) in
        try row.map { power throws(TableFault) in
            guard let whole = Int(exactly: power), (0...64).contains(whole) else {
                throw fields.wrong("powers", "whole numbers from 0 to 64")
            }
            return whole
        }
    }
    let datatype: Datatype = datatypes == [.float32] ? .float32 : .float64
    let name = try fields.requiredText("as")
    let targets = try builder.replace(columns, by: TableColumn(name, datatype, width: powers.count))
    builder.operations.append(
        Polynomial(slots: values.map(\.slot), targets: targets, powers: whole, rounding: Rounding(datatype)))
}

struct Polynomial: TableOperation {
    let slots: [Int]
    let targets: [Int]
    let powers: [[Int]]
    let rounding: Rounding

    func run(_ table: inout WorkTable) {
        for row in 0..<table.rowCount {
            for (target, powers) in zip(targets, powers) {
                var product = 1.0
                // From the last factor to the first, as scikit-learn multiplies.
                for (slot, power) in zip(slots, powers).reversed() where power > 0 {
                    let value = table[slot, row]
                    for _ in 0..<power { product = rounding(product * value) }
                }
                table[target, row] = product
            }
        }
    }

    var flows: [SlotFlow] {
        zip(targets, powers).map { target, powers in
            SlotFlow(numbers: zip(slots, powers).filter { $0.1 > 0 }.map(\.0), targets: [target])
        }
    }
}

/// As `Normalizer`.
func buildNormalise(_ fields: OperationFields, _ builder: inout ProgramBuilder) throws(TableFault) {
    try fields.require(only: "norm", "least")
    let values = try builder.floatingValues(of: try fields.columns())
    let norm = try fields.choice("norm", of: Norm.self) ?? .l2
    builder.operations.append(Normalise(values: values, norm: norm, least: try fields.number("least") ?? 0))
}

enum Norm: String, CaseIterable, Sendable {
    case l1, l2, max

    /// - Returns: 1 where all values are 0: then they stay.
    func callAsFunction(_ values: [Double]) -> Double {
        let norm =
            switch self {
            case .l1: values.reduce(0) { $0 + abs($1) }
            case .l2: values.reduce(0) { $0 + $1 * $1 }.squareRoot()
            // Not Swift's own, which passes over NaN.
            case .max: values.reduce(0) { $0 >= abs($1) ? $0 : abs($1) }
            }
        return norm == 0 ? 1 : norm
    }
}

struct Normalise: TableOperation {
    let values: [(slot: Int, rounding: Rounding)]
    let norm: Norm
    /// A norm below this is taken for 0: values stay.
    let least: Double

    func run(_ table: inout WorkTable) {
        for row in 0..<table.rowCount {
            let size = norm(values.map { table[$0.slot, row] })
            guard !(size < least) else { continue }
            for value in values {
                table[value.slot, row] = value.rounding(table[value.slot, row] / value.rounding(size))
            }
        }
    }

    var flows: [SlotFlow] { [SlotFlow(numbers: values.map(\.slot), targets: values.map(\.slot))] }
}

func buildSoftmax(_ fields: OperationFields, _ builder: inout ProgramBuilder) throws(TableFault) {
    try fields.require()
    let values = try builder.floatingValues(of: try fields.columns())
    builder.operations.append(Softmax(values: values))
}

struct Softmax: TableOperation {
    let values: [(slot: Int, rounding: Rounding)]

    func run(_ table: inout WorkTable) {
        for row in 0..<table.rowCount {
            let found = softmax(values.map { table[$0.slot, row] })
            for (value, result) in zip(values, found) { table[value.slot, row] = value.rounding(result) }
        }
    }

    var flows: [SlotFlow] { [SlotFlow(numbers: values.map(\.slot), targets: values.map(\.slot))] }
}

package func softmax(_ values: [Double]) -> [Double] {
    let most = values.max() ?? 0
    let powers = values.map { exp($0 - most) }
    let total = powers.reduce(0, +)
    return powers.map { $0 / total }
}

/// A class by the largest of its values.
func buildDecide(_ fields: OperationFields, _ builder: inout ProgramBuilder) throws(TableFault) {
    try fields.require(only: "classes", "threshold", "as")
    let columns = try fields.columns()
    let values = try builder.floatingValues(of: columns)
    let slots = values.map(\.slot)
    let needed = max(2, slots.count)
    guard let listed = fields["classes"]?.elements, listed.count == needed,
        let classes = ConstantColumn(listed)
    else { throw fields.wrong("classes", "\(needed) texts, or as many numbers or booleans") }
    let threshold = try fields.number("threshold")
    guard threshold == nil || slots.count == 1 else { throw TableFault("“threshold” is for one value") }
    let targets = try builder.replace(columns, by: TableColumn(try fields.requiredText("as"), classes.datatype))
    builder.operations.append(
        Decide(slots: slots, target: targets[0], classes: classes, threshold: threshold ?? 0.5))
}

/// Values that are chosen from by their position.
package enum ConstantColumn: Sendable {
    case texts([String])
    /// As they lie in slots.
    case numbers([Double], Datatype)

    /// - Returns: `nil` unless all are of one kind.
    package init?(_ values: [JSONValue]) {
        let texts = values.compactMap(\.string)
        let flags = values.compactMap(\.bool)
        let integers = values.compactMap(\.integer)
        let numbers = values.compactMap(\.double)
        if texts.count == values.count {
            self = .texts(texts)
        } else if flags.count == values.count {
            self = .numbers(flags.map { $0 ? 1 : 0 }, .bool)
        } else if integers.count == values.count {
            self = .numbers(integers.map { Double(bitPattern: UInt64(bitPattern: $0)) }, .int64)
        } else if numbers.count == values.count {
            self = .numbers(numbers, .float64)
        } else {
            return nil
        }
    }

    package var datatype: Datatype {
        switch self {
        case .texts: .bytes
        case .numbers(_, let datatype): datatype
        }
    }
}

extension WorkTable {
    /// Fills a slot with a constant for each row, chosen by position.
    package mutating func fill(_ target: Int, with constants: ConstantColumn, _ choose: (_ row: Int) -> Int) {
        switch constants {
        case .texts(let texts):
            let chosen = (0..<rowCount).map { texts[choose($0)] }
            self.texts[target] = TextColumn(Tensor(strings: chosen, shape: [chosen.count]))
        case .numbers(let numbers, _):
            for row in 0..<rowCount { self[target, row] = numbers[choose(row)] }
        }
    }
}

struct Decide: TableOperation {
    let slots: [Int]
    let target: Int
    let classes: ConstantColumn
    let threshold: Double

    func run(_ table: inout WorkTable) {
        let chosen = (0..<table.rowCount).map { row in
            guard slots.count > 1 else { return table[slots[0], row] > threshold ? 1 : 0 }
            var best = 0
            for index in slots.indices.dropFirst() {
                let value = table[slots[index], row]
                // As NumPy has it, the first NaN counts as the largest.
                if table[slots[best], row].isNaN { break }
                if value > table[slots[best], row] || value.isNaN { best = index }
            }
            return best
        }
        table.fill(target, with: classes) { chosen[$0] }
    }

    var flows: [SlotFlow] {
        classes.datatype == .bytes
            ? [SlotFlow(numbers: slots, targets: [], textTargets: [target])]
            : [SlotFlow(numbers: slots, targets: [target])]
    }
}
