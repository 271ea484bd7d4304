// SPDX-License-Identifier: Apache-2.0
package import Tensors

/// Reads the fields of a JSON object of ours, and says which one is not as it should be.
package struct FieldReader: Sendable {
    /// What the document is of, and what refusals are called.
    package enum Subject: Sendable {
        /// `PRJ-009`.
        case bundle
        /// `DAT-002`.
        case dataset
        /// `RPR-003`.
        case run
        /// `LOG-003`.
        case log
    }

    private let object: JSONValue
    private let path: String
    private let subject: Subject

    /// - Throws: The refusal of `subject` when `bytes` are no JSON object.
    package init(document bytes: [UInt8], what: String, of subject: Subject = .bundle) throws(Refusal) {
        let value: JSONValue
        do throws(CodecError) {
            value = try JSONValue.parse(bytes)
        } catch {
            throw subject.damaged("its \(what) is no JSON: \(error.message)")
        }
        try self.init(value, what: what, of: subject)
    }

    /// - Throws: The refusal of `subject` when `value` is no object.
    package init(_ value: JSONValue, what: String, of subject: Subject = .bundle) throws(Refusal) {
        object = value
        path = ""
        self.subject = subject
        guard case .object = value else { throw subject.damaged("its \(what) is no JSON object") }
    }

    private init(_ object: JSONValue, at path: String, of subject: Subject) throws(Refusal) {
        self.object = object
        self.path = path
        self.subject = subject
        guard case .object = object else { throw subject.damaged("“\(path)” is no object") }
    }

    /// The refusal of a bundle.
    package static func damaged(_ reason: String) -> Refusal { Subject.bundle.damaged(reason) }

    package func optionalText(_ key: String) throws(Refusal) -> String? { object[key]?.string }

    package func text(_ key: String) throws(Refusal) -> String {
        guard let text = object[key]?.string else { throw subject.damaged("“\(path + key)” is no text") }
        return text
    }

    package func texts(_ key: String) throws(Refusal) -> [String] {
        try array(key).map { value throws(Refusal) in
            guard let text = value.string else {
                throw subject.damaged("“\(path + key)” holds something else than texts")
            }
            return text
        }
    }

    package func optionalTexts(_ key: String) throws(Refusal) -> [String]? {
        object[key] == nil ? nil : try texts(key)
    }

    /// A whole number that is not negative.
    package func count(_ key: String) throws(Refusal) -> Int {
        guard let value = object[key]?.integer, let count = Int(exactly: value), count >= 0 else {
            throw subject.damaged("“\(path + key)” is no count")
        }
        return count
    }

    package func integer(_ key: String) throws(Refusal) -> Int64 {
        guard let value = object[key]?.integer else { throw subject.damaged("“\(path + key)” is no integer") }
        return value
    }

    /// In the order of the document.
    package var names: [String] { object.members?.map(\.name) ?? [] }

    package func has(_ key: String) -> Bool { object[key] != nil }

    package func integers(_ key: String) throws(Refusal) -> [Int64] {
        try array(key).map { value throws(Refusal) in
            guard let integer = value.integer else { throw subject.damaged("“\(path + key)” holds what is no integer") }
            return integer
        }
    }

    package func number(_ key: String) throws(Refusal) -> Double {
        guard let number = object[key]?.double, number.isFinite else {
            throw subject.damaged("“\(path + key)” is no number")
        }
        return number
    }

    package func optionalNumber(_ key: String) throws(Refusal) -> Double? {
        object[key] == nil ? nil : try number(key)
    }

    /// Infinities and NaN too, by the texts that stand for them; `nil` for what is no number.
    package func anyNumber(_ key: String) -> Double? { object[key]?.double }

    package func numbers(_ key: String) throws(Refusal) -> [Double] {
        try array(key).map { value throws(Refusal) in
            guard let number = value.double, number.isFinite else {
                throw subject.damaged("“\(path + key)” holds what is no number")
            }
            return number
        }
    }

    /// `[["name", 3], …]`: texts with counts; empty where there is no such field.
    package func optionalPairs(_ key: String) throws(Refusal) -> [(String, Int)] {
        guard object[key] != nil else { return [] }
        return try array(key).map { value throws(Refusal) in
            guard let pair = value.elements, pair.count == 2, let text = pair[0].string,
                let count = pair[1].integer.flatMap(Int.init(exactly:)), count >= 0
            else { throw subject.damaged("“\(path + key)” holds what is no text with a count") }
            return (text, count)
        }
    }

    package func flag(_ key: String) throws(Refusal) -> Bool {
        guard let flag = try optionalFlag(key) else { throw subject.damaged("“\(path + key)” is no boolean") }
        return flag
    }

    package func optionalFlag(_ key: String) throws(Refusal) -> Bool? { object[key]?.bool }

    package func fields(_ key: String) throws(Refusal) -> FieldReader {
        guard let fields = try optionalFields(key) else { throw subject.damaged("“\(path + key)” is missing") }
        return fields
    }

    package func optionalFields(_ key: String) throws(Refusal) -> FieldReader? {
        guard let value = object[key] else { return nil }
        return try FieldReader(value, at: path + key, of: subject)
    }

    package func list(_ key: String) throws(Refusal) -> [FieldReader] {
        try array(key).map { value throws(Refusal) in try FieldReader(value, at: path + key, of: subject) }
    }

    /// Sizes as numbers, symbolic dimensions as texts, or as −1 for want of a name.
    package func shape(_ key: String) throws(Refusal) -> [Dimension] {
        try array(key).map { value throws(Refusal) in
            if let name = value.string { return .symbolic(name) }
            if value.integer == -1 { return .symbolic("") }
            guard let size = value.integer.flatMap(Int.init(exactly:)), size >= 0 else {
                throw subject.damaged("“\(path + key)” is no shape")
            }
            return .fixed(size)
        }
    }

    /// `[low, high]`.
    package func optionalRange(_ key: String) throws(Refusal) -> ClosedRange<Double>? {
        guard object[key] != nil else { return nil }
        let ends = try array(key).compactMap(\.double)
        guard ends.count == 2, ends[0] <= ends[1] else { throw subject.damaged("“\(path + key)” is no range") }
        return ends[0]...ends[1]
    }

    private func array(_ key: String) throws(Refusal) -> [JSONValue] {
        guard let values = object[key]?.elements else { throw subject.damaged("“\(path + key)” is no list") }
        return values
    }
}

extension FieldReader.Subject {
    package func damaged(_ reason: String) -> Refusal {
        switch self {
        case .bundle:
            Refusal(
                .bundleDamaged, .invalidInput, "The bundle cannot be used: \(reason).",
                hint: "Pack it again with `slipway pack`.")
        case .dataset:
            Refusal(
                .datasetDamaged, .invalidInput, "The record of the data set cannot be used: \(reason).",
                hint: "Add the data again with `slipway dataset add`.")
        case .run:
            Refusal(
                .runRecordDamaged, .invalidInput, "The record of the run cannot be used: \(reason).",
                hint: "Record a run anew with `slipway run start`.")
        case .log:
            Refusal(
                .logDamaged, .invalidInput, "A part of the prediction log cannot be read: \(reason).",
                hint: "Rows behind it are passed over; the rest of the log is sound.")
        }
    }
}

extension JSONValue {
    /// An object of the fields that have a value, in the order given.
    package static func record(_ fields: [(String, JSONValue?)]) -> JSONValue {
        .object(fields.compactMap { name, value in value.map { (name: name, value: $0) } })
    }
}
