// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import ModelExecution
package import PredictionLogging
internal import Tensors

/// What of a model's answers can turn out right or wrong, and what a label of them has to be.
package struct AnswerForm: Sendable, Hashable {
    package enum Kind: String, Sendable {
        case binary = "binary-classification"
        case multiclass = "multiclass-classification"
        case regression
        case ranking

        package var hasClasses: Bool { self == .binary || self == .multiclass }
    }

    package enum ClassType: String, Sendable {
        case number, text, boolean
    }

    package let kind: Kind
    package let classType: ClassType
    /// By their place among the probabilities; `nil` for one that no recorded answer has. Of two the second is the positive
    /// one.
    package let classes: [String?]
    /// Whether there can be classes beside those.
    package let isOpen: Bool
    /// The output with the class that was decided for.
    private let decided: Int?
    /// The output with the probabilities, or with the number.
    private let scores: Int?

    /// - Parameter examples: Recorded answers: what classes there are is seen in them.
    /// - Returns: `nil` for a model whose answers are neither classes nor numbers.
    package init?(_ manifest: BundleManifest, examples: [Example]) {
        let outputs = manifest.signature.outputs
        let rows = examples.prefix(Self.examplesLookedAt)
        func answers(_ index: Int) -> [Tensor] {
            rows.compactMap { row in row.outputs.first { $0.name == outputs[index].name }?.tensor }
        }
        func width(_ index: Int) -> Int? {
            if let seen = answers(index).first { return seen.elementCount }
            let sizes = outputs[index].shape.dropFirst().map(\.size)
            return sizes.contains(nil) ? nil : sizes.reduce(1) { $0 * ($1 ?? 1) }
        }
        let single = outputs.indices.filter { width($0) == 1 }
        let isNumeric = manifest.task == "regression" || manifest.task == "ranking"
        let probabilities = outputs.indices.first { index in
            guard !isNumeric, outputs[index].datatype.isFloat, width(index).map({ $0 > 1 }) ?? false else {
                return false
            }
            let seen = answers(index)
            return seen.isEmpty ? outputs[index].name.contains("prob") : seen.allSatisfy(isDistribution)
        }
        let label = isNumeric ? nil : single.first { !outputs[$0].datatype.isFloat }
        let number =
            single.first { outputs[$0].datatype.isFloat }
            ?? (isNumeric ? single.first { outputs[$0].datatype != .bytes } : nil)
        decided = label
        if label != nil || probabilities != nil {
            scores = probabilities
            let type = label.map { outputs[$0].datatype }
            classType = type == .bytes ? .text : type == .bool ? .boolean : .number
            let count = probabilities.flatMap(width)
            let seen = label.map { answers($0).compactMap { $0.classTexts?.first } } ?? []
            let shares = probabilities.map { answers($0).map { $0.doubles ?? [] } } ?? []
            classes = Self.classes(count: count, decided: label == nil ? nil : seen, shares: shares)
            // Two classes that were seen are all that a decision between two has.
            let isWhole = classes.count == 2 && manifest.task == Kind.binary.rawValue
            isOpen = count == nil ? !isWhole : classes.contains(nil) && label != nil
            kind = classes.count == 2 || manifest.task == Kind.binary.rawValue ? .binary : .multiclass
        } else if let number {
            scores = number
            let isProbability = manifest.task == Kind.binary.rawValue
            classType = .number
            classes = isProbability ? ["0", "1"] : []
            isOpen = false
            kind = isProbability ? .binary : manifest.task == "ranking" ? .ranking : .regression
        } else {
            return nil
        }
    }

    private static let examplesLookedAt = 2000

    /// - Parameters:
    ///   - decided: Recorded decisions; `nil` where only probabilities are answered.
    ///   - shares: Recorded probabilities, row by row as those.
    private static func classes(count: Int?, decided: [String]?, shares: [[Double]]) -> [String?] {
        guard let count else {
            return Array(Set((decided ?? []).map(Word.init))).sorted().map(\.text)
        }
        guard let decided else { return (0..<count).map(String.init) }
        var names = [String?](repeating: nil, count: count)
        for (name, row) in zip(decided, shares) where row.count == count { names[row.indexOfLargest] = name }
        let known = names.enumerated().filter { $0.element != nil }
        // What is numbered from 0 as far as anybody has seen goes on so.
        if !known.isEmpty, known.allSatisfy({ $0.element == String($0.offset) }) { return (0..<count).map(String.init) }
        return names
    }

    /// The place of a class; `nil` where it has none.
    package func place(of name: String) -> Int? {
        classes.firstIndex { $0.map { $0.utf8.elementsEqual(name.utf8) } ?? false }
    }

    // MARK: Answers

    /// What a record says of each row; `nil` where it has no answers that can be judged.
    package func answers(of record: PredictionRecord) -> [RowAnswer]? {
        guard record.status == .answered, !record.isCut, record.rowCount > 0 else { return nil }
        let rows = record.rowCount
        var answers = [RowAnswer](repeating: RowAnswer(), count: rows)
        if let decided {
            guard record.outputs.indices.contains(decided), let names = record.outputs[decided].classTexts,
                names.count == rows
            else { return nil }
            for row in 0..<rows { answers[row].decided = names[row] }
        }
        guard let scores else { return answers }
        guard record.outputs.indices.contains(scores), let values = record.outputs[scores].doubles,
            values.count % rows == 0
        else { return nil }
        let width = values.count / rows
        for row in 0..<rows {
            let own = Array(values[row * width..<(row + 1) * width])
            fill(&answers[row], own)
        }
        return answers
    }

    private func fill(_ answer: inout RowAnswer, _ values: [Double]) {
        guard kind.hasClasses else {
            answer.score = values.first.flatMap { $0.isFinite ? $0 : nil }
            return
        }
        let isSound = values.allSatisfy { $0 >= 0 && $0 <= 1 }
        if values.count == 1 {
            answer.score = isSound ? values[0] : nil
            answer.decided = answer.decided ?? (values[0] >= 0.5 ? "1" : "0")
            return
        }
        if isSound, kind == .binary { answer.score = values[1] }
        if isSound, kind == .multiclass { answer.shares = values }
        if answer.decided == nil {
            answer.decided = classes.indices.contains(values.indexOfLargest) ? classes[values.indexOfLargest] : nil
        }
    }
}

extension Datatype {
    fileprivate var isFloat: Bool {
        switch self {
        case .float16, .bfloat16, .float32, .float64: true
        default: false
        }
    }
}

extension Tensor {
    /// The elements as names of classes; `nil` for numbers with fractions.
    fileprivate var classTexts: [String]? {
        switch datatype {
        case .bytes: strings
        case .bool: doubles?.map { $0 == 0 ? "false" : "true" }
        default: doubles?.map(GivenLabel.text(of:))
        }
    }
}

extension [Double] {
    /// The first one where several are as large.
    fileprivate var indexOfLargest: Int { indices.reduce(0) { self[$1] > self[$0] ? $1 : $0 } }
}

private func isDistribution(_ tensor: Tensor) -> Bool {
    guard let values = tensor.doubles else { return false }
    return values.allSatisfy { $0 >= 0 && $0 <= 1 } && abs(values.reduce(0, +) - 1) < 1e-2
}

/// A text compared byte by byte; whole numbers by their size.
struct Word: Hashable, Comparable {
    let text: String

    static func == (left: Self, right: Self) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    func hash(into hasher: inout Hasher) { for byte in text.utf8 { hasher.combine(byte) } }

    static func < (left: Self, right: Self) -> Bool {
        if let one = Int64(left.text), let other = Int64(right.text), one != other { return one < other }
        return left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}
