// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Tensors

/// As `CountVectorizer`, `TfidfVectorizer` and `HashingVectorizer`: the tokens of a text, counted.
func buildCount(_ fields: OperationFields, _ builder: inout ProgramBuilder) throws(TableFault) {
    try fields.require(
        only: "pattern", "characters", "ngrams", "stop", "words", "buckets", "signed", "weights", "binary",
        "sublinear", "norm")
    let columns = try fields.columns()
    guard columns.count == 1 else { throw TableFault("it counts the tokens of one column") }
    let entry = builder.shape.entries[columns[0]]
    let sources = try builder.texts(of: columns)
    guard sources.count == 1 else { throw TableFault("\(entry.column.description) has several texts a row") }
    let tokens = try Tokens(fields)
    let words = try fields.texts("words")
    let buckets = try fields.integer("buckets", in: 1...TableColumn.widthLimit)
    let counting: CountTokens.Counting
    switch (words, buckets) {
    case (let words?, nil):
        guard !words.isEmpty, words.count <= TableColumn.widthLimit else {
            throw fields.wrong("words", "1 to \(TableColumn.widthLimit) texts")
        }
        guard let index = TextIndex(words) else { throw TableFault("a word is there twice") }
        guard fields["signed"] == nil else { throw TableFault("“signed” is for hashes") }
        counting = .words(index)
    case (nil, _?): counting = .hashes(isSigned: try fields.flag("signed") ?? true)
    default: throw TableFault("it takes either “words” or “buckets”")
    }
    let width = words?.count ?? buckets ?? 0
    let targets = try builder.replace(columns, by: TableColumn(entry.column.name, .float64, width: width))
    builder.operations.append(
        CountTokens(
            source: sources[0], targets: targets, tokens: tokens, counting: counting,
            isBinary: try fields.flag("binary") ?? false, isSublinear: try fields.flag("sublinear") ?? false,
            weights: try fields.numbers("weights", count: width), norm: try fields.choice("norm", of: Norm.self)))
}

/// What is counted of a text.
struct Tokens: Sendable {
    private enum Characters: String, CaseIterable { case text, words }

    private let pattern: TokenPattern
    private let characters: Characters?
    private let ngrams: ClosedRange<Int>
    private let stop: Set<[UInt8]>

    init(_ fields: OperationFields) throws(TableFault) {
        pattern = try fields.text("pattern").map { text throws(TableFault) in try TokenPattern(text) } ?? .standard
        characters = try fields.choice("characters", of: Characters.self)
        stop = Set(try (fields.texts("stop") ?? []).map { Array($0.utf8) })
        let ends = try fields.numbers("ngrams", count: 2)?.compactMap(Int.init(exactly:)) ?? [1, 1]
        guard ends.count == 2, 1 <= ends[0], ends[0] <= ends[1], ends[1] <= 32 else {
            throw fields.wrong("ngrams", "[least, most], from 1 to 32")
        }
        ngrams = ends[0]...ends[1]
    }

    func of(_ text: String, _ body: (ArraySlice<UInt8>) -> Void) {
        switch characters {
        case nil:
            let words = pattern.tokens(of: text).map { Array($0.utf8) }.filter { !stop.contains($0) }
            for length in ngrams where length <= words.count {
                for start in 0...(words.count - length) {
                    body(Array(words[start..<start + length].joined(separator: [UInt8(ascii: " ")]))[...])
                }
            }
        case .text: characterGrams(Array(joinedSpaces(text).unicodeScalars), body)
        case .words:
            for word in text.unicodeScalars.split(whereSeparator: isPythonSpace) {
                wordGrams([" "] + Array(word) + [" "], body)
            }
        }
    }

    private func characterGrams(_ scalars: [Unicode.Scalar], _ body: (ArraySlice<UInt8>) -> Void) {
        for length in ngrams where length <= scalars.count {
            for start in 0...(scalars.count - length) { body(bytes(scalars[start..<start + length])) }
        }
    }

    /// Inside of a word that is shorter than the grams, the word itself counts once.
    private func wordGrams(_ scalars: [Unicode.Scalar], _ body: (ArraySlice<UInt8>) -> Void) {
        for length in ngrams {
            body(bytes(scalars.prefix(length)))
            guard length < scalars.count else { return }
            for start in 1...(scalars.count - length) { body(bytes(scalars[start..<start + length])) }
        }
    }

    private func bytes(_ scalars: some Collection<Unicode.Scalar>) -> ArraySlice<UInt8> {
        scalars.flatMap { Array(String($0).utf8) }[...]
    }

    /// Runs of two and more white characters become a space, as scikit-learn has it for characters.
    private func joinedSpaces(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var run: [Unicode.Scalar] = []
        for scalar in text.unicodeScalars {
            if isPythonSpace(scalar) {
                run.append(scalar)
                continue
            }
            result.append(contentsOf: run.count > 1 ? [" "] : run)
            run = []
            result.append(scalar)
        }
        result.append(contentsOf: run.count > 1 ? [" "] : run)
        return String(result)
    }
}

struct CountTokens: TableOperation {
    enum Counting: Sendable {
        case words(TextIndex)
        case hashes(isSigned: Bool)
    }

    let source: Int
    let targets: [Int]
    let tokens: Tokens
    let counting: Counting
    let isBinary: Bool
    let isSublinear: Bool
    let weights: [Double]?
    let norm: Norm?

    func run(_ table: inout WorkTable) {
        let rows = table.rowCount
        for row in 0..<rows {
            var touched: Set<Int> = []
            tokens.of(table.texts[source].text(row)) { token in
                switch counting {
                case .words(let index):
                    guard let word = unsafe token.withUnsafeBytes({ unsafe index[$0] }) else { return }
                    table[targets[word], row] += 1
                    touched.insert(word)
                case .hashes(let isSigned):
                    let (bucket, sign) = hashBucket(token, of: targets.count)
                    table[targets[bucket], row] += isSigned ? sign : 1
                    touched.insert(bucket)
                }
            }
            finish(touched.sorted(), row, &table)
        }
    }

    /// Everywhere else there is a 0, which stays one.
    private func finish(_ touched: [Int], _ row: Int, _ table: inout WorkTable) {
        for position in touched {
            var value = table[targets[position], row]
            // Signs may have made up for one another; the tokens were there all the same.
            if isBinary { value = 1 }
            guard value != 0 else { continue }
            if isSublinear { value = log(value) + 1 }
            if let weights { value *= weights[position] }
            table[targets[position], row] = value
        }
        guard let norm else { return }
        let size = norm(touched.map { table[targets[$0], row] })
        for position in touched { table[targets[position], row] /= size }
    }

    var flows: [SlotFlow] { [SlotFlow(texts: [source], targets: targets)] }
}
