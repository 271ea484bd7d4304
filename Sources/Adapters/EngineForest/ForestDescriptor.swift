// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain
internal import ModelExecution
internal import Tensors

/// `forest.json`: a library's file, and what it takes and gives; `docs/formats/forest.md`.
struct ForestDescriptor: Sendable {
    static let schema = "slipway.forest/1"
    /// The most bytes of a library's file.
    static let modelLimit = 2 << 30

    enum Library: String {
        case xgboost, lightgbm, catboost
    }

    /// What an output is.
    enum Gives: String, Sendable {
        /// The sums of leaves, without a transform.
        case margins
        /// What the library's own `predict` answers.
        case prediction
        /// One for each class, of two where the model has one margin.
        case probabilities
        /// The likeliest class.
        case decision
        /// What each column adds to each margin, and behind the columns what is expected without knowing any.
        case contributions
    }

    let library: Library
    let model: ModelFile
    let rounds: Int?
    /// Side by side they are a row of the trees.
    let inputs: [TensorSpec]
    let outputs: [(spec: TensorSpec, gives: Gives)]
    let classes: Classes?

    /// What decisions are called: numbers from 0 when nothing else is said.
    enum Classes: Sendable {
        case numbers([Int64])
        case texts([String])

        var count: Int {
            switch self {
            case .numbers(let numbers): numbers.count
            case .texts(let texts): texts.count
            }
        }
    }

    /// - Throws: ``EngineError/modelRefused(reason:)``.
    init(at file: ModelFile) throws(EngineError) {
        let url = URL(fileURLWithPath: file.path)
        do throws(Refusal) {
            let fields = try FieldReader(document: try contents(of: file.path, limit: 1 << 20), what: "descriptor")
            guard try fields.text("schema") == Self.schema else {
                throw FieldReader.damaged("the schema of a forest is not \(Self.schema)")
            }
            guard let library = Library(rawValue: try fields.text("library")) else {
                throw FieldReader.damaged("“library” is none of xgboost, lightgbm, catboost")
            }
            self.library = library
            let model = try fields.text("model")
            guard isPlainName(model) else { throw FieldReader.damaged("“\(model.prefix(100))” is no file beside it") }
            self.model = ModelFile(path: url.deletingLastPathComponent().appendingPathComponent(model).path)
            rounds = fields.has("rounds") ? try fields.count("rounds") : nil
            inputs = try fields.tensorSpecs("inputs")
            guard !inputs.isEmpty, inputs.count <= 1 << 16, inputs.allSatisfy({ $0.columnCount != nil }) else {
                throw FieldReader.damaged("an input is neither [rows] nor [rows, columns]")
            }
            let specs = try fields.tensorSpecs("outputs")
            outputs = try zip(specs, try fields.list("outputs")).map { spec, output throws(Refusal) in
                guard let gives = Gives(rawValue: try output.text("gives")) else {
                    throw FieldReader.damaged(
                        "an output gives neither margins, prediction, probabilities, decision nor contributions")
                }
                return (spec, gives)
            }
            classes = try Classes(fields)
        } catch {
            throw .modelRefused(reason: error.explanation.message)
        }
    }
}

extension TensorSpec {
    /// Of a column or a matrix; `nil` for what is neither.
    var columnCount: Int? {
        guard (1...2).contains(shape.count), shape[0].size == nil else { return nil }
        guard shape.count == 2 else { return 1 }
        return shape[1].size.flatMap { (1..<1 << 27).contains($0) ? $0 : nil }
    }
}

extension ForestDescriptor.Classes {
    fileprivate init?(_ fields: FieldReader) throws(Refusal) {
        guard fields.has("classes") else { return nil }
        if let numbers = try? fields.integers("classes") {
            self = .numbers(numbers)
        } else {
            self = .texts(try fields.texts("classes"))
        }
    }
}

/// A name without a way in it.
private func isPlainName(_ name: String) -> Bool { !name.isEmpty && name != "." && name != ".." && !name.contains("/") }

/// The bytes of a regular file. No link is followed, and its size is looked at first: foreign code may have written it.
func contents(of path: String, limit: Int) throws(Refusal) -> [UInt8] {
    let refusal = FieldReader.damaged("a file of the forest cannot be read")
    let file = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { throw refusal }
    defer { close(file) }
    var status = stat()
    guard unsafe fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, (0...limit).contains(status.st_size)
    else { throw refusal }
    // Straight to where they stay: through `Data`, a large file would be there twice.
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: status.st_size) { target, count in
        while count < target.count {
            let more = unsafe read(file, target.baseAddress.map { unsafe $0 + count }, target.count - count)
            if more > 0 { count += more } else if more == 0 || errno != EINTR { break }
        }
    }
    guard bytes.count == status.st_size else { throw refusal }
    return bytes
}
