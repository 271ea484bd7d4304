// SPDX-License-Identifier: Apache-2.0
internal import TableTransforms
internal import Tensors

extension CombineWork {
    /// - Parameter rows: Of the call, those that take part; `nil` for all.
    func run(_ values: [GraphValue], rows: [Int32]?, of rowCount: Int) -> GraphValue {
        let taking = rows.map { $0.map(Int.init) } ?? Array(0..<rowCount)
        // Of each row, which member is taken; 0 where all are used, -1 where nothing comes out.
        let choices = taking.map { choice(values, row: $0) }
        let kept = zip(taking, choices).filter { $0.1 >= 0 }
        var result = GraphValue(
            places: nil, rowCount: kept.count,
            numbers: [Double](repeating: 0, count: table.numberCount * kept.count), texts: [], tensors: [])
        if kept.count < rowCount {
            var places = [Int32](repeating: -1, count: rowCount)
            for (place, entry) in kept.enumerated() { places[entry.0] = Int32(place) }
            result.places = places
        }
        switch rule {
        case .numbers(let kind, let weights, let rounds):
            combineNumbers(values, kept.map(\.0), kind, weights, rounds, &result)
        case .stack(let coefficients, let intercept, let link):
            for (place, (row, _)) in kept.enumerated() {
                let given = members.flatMap { member in
                    member.slots.indices.map { member.value(values, $0, row: row) }
                }
                var outputs = zip(coefficients, intercept).map { own, start in
                    zip(own, given).reduce(0) { $0 + $1.0 * $1.1 } + start
                }
                switch link {
                case .none: break
                case .sigmoid: outputs = outputs.map(sigmoid)
                case .softmax: outputs = softmax(outputs)
                }
                for (slot, output) in outputs.enumerated() { result.numbers[slot * kept.count + place] = output }
            }
        case .threshold(let bound, let constants):
            let above = kept.map { row, _ in members[0].value(values, 0, row: row) >= bound }
            fill(&result, slot: 0, constants) { above[$0] ? 1 : 0 }
        case .vote(let weights): vote(values, kept.map(\.0), weights, &result)
        case .firstAvailable, .select: take(values, kept, &result)
        }
        return result
    }

    private func choice(_ values: [GraphValue], row: Int) -> Int {
        switch rule {
        case .firstAvailable: return members.firstIndex { $0.isThere(values, row: row) } ?? -1
        case .select(let rules, let otherwise):
            let taken =
                rules.first { rule in rule.conditions.allSatisfy { $0.holds(values, row: row) } }?.take ?? otherwise
            return taken.flatMap { members[$0].isThere(values, row: row) ? $0 : nil } ?? -1
        case .numbers(_, let weights?, _) where toleratesMissing:
            // Those that weigh nothing make nothing.
            return zip(members, weights).contains { $1 > 0 && $0.isThere(values, row: row) } ? 0 : -1
        default:
            let isEnough =
                toleratesMissing
                ? members.contains { $0.isThere(values, row: row) }
                : members.allSatisfy { $0.isThere(values, row: row) }
            return isEnough ? 0 : -1
        }
    }

    private func combineNumbers(
        _ values: [GraphValue], _ rows: [Int], _ kind: NumberRule, _ weights: [Double]?, _ rounds: Bool,
        _ result: inout GraphValue
    ) {
        let isSum = kind == .average || kind == .weighted
        for slot in 0..<table.numberCount {
            for (place, row) in rows.enumerated() {
                var given: [Double] = []
                var total = 0.0
                var sum = 0.0
                for index in members.indices where members[index].isThere(values, row: row) {
                    let number = members[index].value(values, slot, row: row)
                    let weight = weights?[index] ?? 1
                    total += weight
                    sum += weight * number
                    if !isSum { given.append(number) }
                }
                let combined: Double =
                    switch kind {
                    case .average, .weighted: sum / total
                    case .minimum: given.reduce(.infinity) { $1.isNaN ? $1 : $0.isNaN ? $0 : min($0, $1) }
                    case .maximum: given.reduce(-.infinity) { $1.isNaN ? $1 : $0.isNaN ? $0 : max($0, $1) }
                    case .median: median(given)
                    }
                result.numbers[slot * rows.count + place] = rounds ? Double(Float(combined)) : combined
            }
        }
    }

    private func median(_ numbers: [Double]) -> Double {
        guard !numbers.contains(where: \.isNaN) else { return .nan }
        let sorted = numbers.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    private func vote(_ values: [GraphValue], _ rows: [Int], _ weights: [Double], _ result: inout GraphValue) {
        let isText = members[0].columns[0].column.datatype == .bytes
        var texts: [String] = []
        for (place, row) in rows.enumerated() {
            var ballots: [(label: Ballot, weight: Double)] = []
            for (member, weight) in zip(members, weights) where member.isThere(values, row: row) {
                let (column, slots) = member.columns[0]
                let label: Ballot
                if isText {
                    let value = values[member.table]
                    label = .text(value.texts[slots[0]].text(value.place(row)))
                } else {
                    let raw = member.number(values, slot: slots[0], row: row)
                    switch column.datatype {
                    case .int64: label = .signed(Int64(bitPattern: raw.bitPattern))
                    case .uint64: label = .unsigned(raw.bitPattern)
                    // What is missing has no say.
                    case _ where raw.isNaN: continue
                    default: label = .number(raw)
                    }
                }
                if let known = ballots.firstIndex(where: { !($0.label < label) && !(label < $0.label) }) {
                    ballots[known].weight += weight
                } else {
                    ballots.append((label, weight))
                }
            }
            let winner = ballots.max { $0.weight < $1.weight || ($0.weight == $1.weight && $1.label < $0.label) }?.label
            switch winner {
            case .text(let text)?: texts.append(text)
            case .number(let number)?: result.numbers[place] = number
            case .signed(let number)?: result.numbers[place] = Double(bitPattern: UInt64(bitPattern: number))
            case .unsigned(let number)?: result.numbers[place] = Double(bitPattern: number)
            case nil: result.numbers[place] = .nan
            }
        }
        if isText { result.texts = [TextColumn(Tensor(strings: texts, shape: [texts.count]))] }
    }

    private func take(_ values: [GraphValue], _ kept: [(Int, Int)], _ result: inout GraphValue) {
        for (index, field) in table.fields.enumerated() {
            for (position, target) in field.slots.enumerated() {
                let source = { [members] (choice: Int) in members[choice].columns[index].slots[position] }
                guard field.spec.datatype != .bytes else {
                    var texts = TextRun()
                    for (row, choice) in kept {
                        let value = values[members[choice].table]
                        texts.append(value.texts[source(choice)], value.place(row))
                    }
                    while result.texts.count <= target { result.texts.append(TextRun().column) }
                    result.texts[target] = texts.column
                    continue
                }
                for (place, (row, choice)) in kept.enumerated() {
                    result.numbers[target * kept.count + place] = members[choice]
                        .number(values, slot: source(choice), row: row)
                }
            }
        }
    }

    private func fill(
        _ result: inout GraphValue, slot: Int, _ constants: ConstantColumn, _ choose: (_ place: Int) -> Int
    ) {
        switch constants {
        case .texts(let texts):
            let chosen = (0..<result.rowCount).map { texts[choose($0)] }
            result.texts = [TextColumn(Tensor(strings: chosen, shape: [chosen.count]))]
        case .numbers(let numbers, _):
            for place in 0..<result.rowCount { result.numbers[slot * result.rowCount + place] = numbers[choose(place)] }
        }
    }
}
