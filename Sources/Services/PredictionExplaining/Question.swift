// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import ModelExecution
internal import Statistics
internal import Tensors

/// One answer that is to be explained by asking the model about mixed rows.
struct Question {
    let engine: any InferenceEngine
    let rows: MixedRows
    let background: [[Tensor]]
    let output: Int
    let position: Int?
    let deadline: Moment

    private var columnCount: Int { rows.columnCount }

    /// What the model answers to mixed rows.
    ///
    /// - Parameter choices: Which columns of each are those of the row that is explained.
    private func answers(_ other: [Tensor], _ choices: [[Bool]]) throws(EngineError) -> [Double] {
        let answer = try engine.run(rows.tensors(with: other, choices), until: deadline)[output]
        guard answer.shape.first == choices.count, let numbers = answer.doubles else {
            throw .runFailed(reason: "it gave no answer for each of \(choices.count) rows")
        }
        let width = numbers.count / max(choices.count, 1)
        return choices.indices.map { numbers[$0 * width + (position ?? 0)] }
    }

    private func only(_ columns: Int...) -> [Bool] {
        var choice = [Bool](repeating: false, count: columnCount)
        for column in columns { choice[column] = true }
        return choice
    }

    /// Always the same numbers: a question asked twice gets one answer, as far as the time allows.
    private func seed() -> SplitMix { SplitMix(seed: 0x51_1B_3A_77) }

    // MARK: Sums of functions of one column

    private enum Link: CaseIterable {
        case identity, logit

        func callAsFunction(_ value: Double) -> Double {
            switch self {
            case .identity: value
            case .logit: log(value) - log1p(-value)
            }
        }

        /// How far a value may be off that was made of an answer with a relative error of `precision`.
        func error(of answer: Double, _ precision: Double) -> Double {
            switch self {
            case .identity: precision * (1 + abs(answer))
            case .logit: 0 < answer && answer < 1 ? precision * (1 / answer + 1 / (1 - answer)) : .infinity
            }
        }
    }

    /// What was found of one link so far.
    private struct Sum {
        var base = 0.0
        var contributions: [Double]
        var count = 0
    }

    /// - Returns: `nil` unless the answer, or the logarithm of its odds, is found to be such a sum.
    func additive() throws(EngineError) -> Attribution? {
        let everything = [Bool](repeating: true, count: columnCount)
        let nothing = [Bool](repeating: false, count: columnCount)
        var random = seed()
        let some = (0..<6).map { _ in (0..<columnCount).map { _ in random.next() & 1 == 1 } }
        let coalitions = [nothing, everything] + some
        let singles = (0..<columnCount).map { only($0) }
        var sums: [Link: Sum] = [:]
        for link in Link.allCases { sums[link] = Sum(contributions: [Double](repeating: 0, count: columnCount)) }
        for other in background {
            let found = try answers(other, coalitions + singles)
            for (link, known) in sums {
                let values = found.map(link.callAsFunction)
                let contributions = values[coalitions.count...].map { $0 - values[0] }
                let spread = contributions.reduce(0) { $0 + abs($1) }
                let error = found.reduce(0) { $0 + link.error(of: $1, precision) }
                // An answer so near to 0 or 1 that nothing can be told of its odds says nothing for or against it.
                guard error <= 0.01 * (1 + spread) else { continue }
                let isSum = zip(coalitions, values).allSatisfy { choice, value in
                    abs(zip(choice, contributions).reduce(values[0]) { $0 + ($1.0 ? $1.1 : 0) } - value) <= error
                }
                guard isSum else {
                    sums[link] = nil
                    continue
                }
                sums[link] = Sum(
                    base: known.base + values[0], contributions: zip(known.contributions, contributions).map(+),
                    count: known.count + 1)
            }
            guard !sums.isEmpty else { return nil }
        }
        guard let link = Link.allCases.first(where: { sums[$0].map { $0.count >= min(3, background.count) } ?? false }),
            let sum = sums[link]
        else { return nil }
        let base = sum.base / Double(sum.count)
        let contributions = sum.contributions.map { $0 / Double(sum.count) }
        return Attribution(
            method: .additive, scale: link == .logit ? .logOdds : .output, position: position, base: base,
            value: contributions.reduce(base, +), contributions: contributions,
            errors: [Double](repeating: 0, count: columnCount))
    }

    /// The relative error of an answer, with what a model loses on the way to it.
    private var precision: Double { engine.outputs[output].datatype == .float64 ? 1e-12 : 4e-7 }

    // MARK: Every coalition

    /// - Returns: `nil` when the time does not suffice.
    func enumerated(until limit: Moment) throws(EngineError) -> Attribution? {
        let count = 1 << columnCount
        let choices = (0..<count).map { coalition in (0..<columnCount).map { coalition >> $0 & 1 == 1 } }
        var means = [Double](repeating: 0, count: count)
        let begun = Moment.now
        for (index, other) in background.enumerated() {
            for (coalition, answer) in try answers(other, choices).enumerated() { means[coalition] += answer }
            let now = Moment.now
            // What the first took, the others will.
            guard now.after(now.since(begun) / (index + 1) * (background.count - index - 1)) <= limit else {
                return nil
            }
        }
        for index in means.indices { means[index] /= Double(background.count) }
        var weights: [Double] = []
        // |S|! (n − |S| − 1)! / n!
        for size in 0..<columnCount {
            weights.append(
                exp(lgamma(Double(size + 1)) + lgamma(Double(columnCount - size)) - lgamma(Double(columnCount + 1))))
        }
        let contributions = (0..<columnCount).map { column in
            (0..<count).reduce(0.0) { sum, coalition in
                guard coalition >> column & 1 == 0 else { return sum }
                return sum + weights[coalition.nonzeroBitCount] * (means[coalition | 1 << column] - means[coalition])
            }
        }
        return Attribution(
            method: .exact, scale: .output, position: position, base: means[0], value: means[count - 1],
            contributions: contributions, errors: [Double](repeating: 0, count: columnCount))
    }

    // MARK: Orders drawn at random

    /// Orders of the columns in pairs, one the other's reverse, each over the next background row, until the time is up.
    func sampled(until limit: Moment) throws(EngineError) -> Attribution {
        var random = seed()
        var sums = [Double](repeating: 0, count: columnCount)
        var squares = [Double](repeating: 0, count: columnCount)
        var base = 0.0
        var value = 0.0
        var count = 0
        var order = Array(0..<columnCount)
        repeat {
            for last in order.indices.dropFirst().reversed() {
                order.swapAt(last, Int(random.next() % UInt64(last + 1)))
            }
            let other = background[count % background.count]
            let there = steps(order)
            let back = steps(order.reversed())
            let found = try answers(other, there + back)
            var pair = [Double](repeating: 0, count: columnCount)
            for (step, column) in order.enumerated() { pair[column] += (found[step + 1] - found[step]) / 2 }
            let second = found[(columnCount + 1)...].map(\.self)
            for (step, column) in order.reversed().enumerated() {
                pair[column] += (second[step + 1] - second[step]) / 2
            }
            for column in pair.indices {
                sums[column] += pair[column]
                squares[column] += pair[column] * pair[column]
            }
            base += found[0]
            value += found[columnCount]
            count += 1
            // Whole rounds over the background, so that each row of it counts alike, unless there is no time.
        } while Moment.now < limit && (count < 1024 || count % background.count != 0)
        let number = Double(count)
        let means = sums.map { $0 / number }
        let errors = zip(squares, means).map { square, mean in
            count < 2 ? .infinity : max(0, square / number - mean * mean).squareRoot() / (number - 1).squareRoot()
        }
        return Attribution(
            method: .sampled, scale: .output, position: position, base: base / number, value: value / number,
            contributions: means, errors: errors)
    }

    /// From the other row to the explained one, a column at a time.
    private func steps(_ order: [Int]) -> [[Bool]] {
        var choice = [Bool](repeating: false, count: columnCount)
        return [choice]
            + order.map { column in
                choice[column] = true
                return choice
            }
    }
}
