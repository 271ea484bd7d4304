// SPDX-License-Identifier: Apache-2.0
internal import GroundTruth
internal import ModelDomain
internal import Tensors

/// Labels out of a body: one, a batch, JSON lines, or CSV. Each is read by itself, so that one that cannot be read stops no
/// other.
struct FeedbackReader {
    static let countLimit = 100_000
    /// More rows than these are labelled in no single list.
    private static let listLimit = 100_000

    /// By the name of their endpoint, in the order in which those first came.
    private(set) var endpoints: [(name: String, feedback: [Feedback])] = []
    private(set) var refused: [(position: Int, refusal: Refusal)] = []
    /// Labels and rows without one, so far.
    private(set) var position = 0
    /// Rows of a table without a label.
    private(set) var empty = 0
    /// Whether the body is one label, of which a refusal is the answer.
    private(set) var isSingle = false
    private var places: [String: Int] = [:]
    private var count = 0
    /// For labels that do not say it.
    private let endpoint: String?

    init(endpoint: String?) { self.endpoint = endpoint }

    // MARK: JSON

    mutating func read(json body: [UInt8]) throws {
        let document = try JSONValue.parse(body)
        guard let list = document["labels"] else {
            isSingle = true
            return try take(document)
        }
        guard let labels = list.elements else { throw unreadable("“labels” is a list.") }
        if let other = document.members?.first(where: { !["endpoint", "labels"].contains($0.name) }) {
            throw unreadable("A batch has “endpoint” and “labels”, and no “\(other.name.prefix(40))”.")
        }
        let named = try document["endpoint"].map { try text($0, "endpoint") }
        for label in labels { try takeOrRefuse { try $0.take(label, in: named) } }
    }

    mutating func read(lines body: [UInt8]) throws {
        for line in body.split(separator: UInt8(ascii: "\n")) {
            guard line.contains(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) else { continue }
            try takeOrRefuse { try $0.take(try JSONValue.parse(Array(line))) }
        }
    }

    private mutating func takeOrRefuse(_ body: (inout Self) throws -> Void) throws {
        do {
            try body(&self)
        } catch let refusal as Refusal where refusal.explanation.kind != .tooLarge {
            refused.append((position, refusal))
        } catch let error as CodecError {
            position += 1
            refused.append((position, unreadable("Line \(position) is no JSON: \(error.message).")))
        }
    }

    private mutating func next() throws(Refusal) {
        position += 1
        guard position <= Self.countLimit else { throw tooMany() }
    }

    private mutating func take(_ value: JSONValue, in batch: String? = nil) throws {
        try next()
        guard let members = value.members else { throw unreadable("A label is an object.") }
        let known = ["endpoint", "prediction", "key", "label", "row", "at"]
        if let other = members.first(where: { !known.contains($0.name) }) {
            throw unreadable("A label has no “\(other.name.prefix(40))”; it has \(known.joined(separator: ", ")).")
        }
        let name = try value["endpoint"].map { try text($0, "endpoint") } ?? batch
        let target = try target(
            try value["prediction"].map { try text($0, "prediction") }, try value["key"].map { try text($0, "key") })
        let at = try value["at"].map { try moment(try text($0, "at")) }
        guard let label = value["label"], !label.isNull else { throw unreadable("A label has a “label”.") }
        if let list = label.elements {
            guard value["row"] == nil else { throw unreadable("A list of labels is for all rows: there is no “row”.") }
            guard list.count <= Self.listLimit else { throw tooMany() }
            for (row, one) in list.enumerated() where !one.isNull {
                try add(try given(one), of: target, row: row, at: at, to: name)
            }
            return
        }
        try add(try given(label), of: target, row: try row(value["row"]), at: at, to: name)
    }

    private func given(_ value: JSONValue) throws(Refusal) -> GivenLabel {
        switch value {
        case .bool(let value): return GivenLabel(.boolean, value ? "true" : "false")
        case .integer(let value): return GivenLabel(.number, String(value))
        case .unsigned(let value): return GivenLabel(.number, String(value))
        case .double(let value): return GivenLabel(value)
        case .string(let text): return GivenLabel(.text, text)
        case .null, .array, .object: throw unreadable("A label is a text, a number or a boolean.")
        }
    }

    private func row(_ value: JSONValue?) throws(Refusal) -> Int? {
        guard let value, !value.isNull else { return nil }
        guard let row = value.integer, row >= 0, row <= Int64(Int32.max) else {
            throw unreadable("“row” counts from 0.")
        }
        return Int(row)
    }

    private func text(_ value: JSONValue, _ name: String) throws(Refusal) -> String {
        guard let text = value.string else { throw unreadable("“\(name)” is a text.") }
        return text
    }

    // MARK: CSV

    mutating func read(csv body: [UInt8]) throws {
        let names = ["prediction", "key", "label", "row", "at"]
        var records = CSVRecords(textColumns: Set(names), limits: .standard)
        var columns: [Int?] = []
        var rows: [[CellValue]] = []
        try records.take(body) { rows.append($0) }
        try records.finish { rows.append($0) }
        columns = names.map { name in records.columns.firstIndex(of: name) }
        guard columns[2] != nil, columns[0] != nil || columns[1] != nil else {
            throw unreadable(
                "The table has no column “label”, or neither “prediction” nor “key”; it has "
                    + "\(records.columns.prefix(10).joined(separator: ", ").prefix(200)).")
        }
        for row in rows {
            let cell = { (column: Int) -> String? in
                guard let index = columns[column], case .text(let bytes) = row[index], !bytes.isEmpty else {
                    return nil
                }
                return String(decoding: bytes, as: UTF8.self)
            }
            guard let label = cell(2) else {
                try next()
                empty += 1
                continue
            }
            try takeOrRefuse { reader in
                try reader.next()
                let number = try cell(3).map { text throws(Refusal) in
                    guard let row = Int(text), row >= 0 else { throw unreadable("“row” counts from 0.") }
                    return row
                }
                try reader.add(
                    GivenLabel(.cell, label), of: try reader.target(cell(0), cell(0) == nil ? cell(1) : nil),
                    row: number, at: try cell(4).map { try reader.moment($0) }, to: nil)
            }
        }
    }

    // MARK: All of them

    private func target(_ prediction: String?, _ key: String?) throws(Refusal) -> Feedback.Target {
        switch (prediction, key) {
        case (let id?, nil):
            guard let id = PredictionID(id) else {
                throw unreadable("“\(id.prefix(40))” is no id of a prediction.")
            }
            return .prediction(id)
        case (nil, let key?):
            guard !key.isEmpty, key.utf8.count <= 1000, !key.utf8.contains(0) else {
                throw unreadable("A key has 1 to 1000 bytes, and no NUL.")
            }
            return .key(key)
        case (nil, nil): throw unreadable("A label says what it is about: “prediction” or “key”.")
        case (_?, _?): throw unreadable("A label is about a “prediction” or a “key”, and not about both.")
        }
    }

    private func moment(_ text: String) throws(Refusal) -> Timestamp {
        guard let time = Timestamp(text) else {
            throw Refusal(
                .labelTimeRefused, .invalidInput, "“at” is “\(text.prefix(40))”, which is no time.",
                hint: "Write it as \(Timestamp.form).", details: [.init("field", "at")])
        }
        return time
    }

    private mutating func add(
        _ label: GivenLabel, of target: Feedback.Target, row: Int?, at: Timestamp?, to named: String?
    ) throws(Refusal) {
        guard let name = named ?? endpoint else { throw unreadable("It is not said which “endpoint” it is about.") }
        count += 1
        guard count <= Self.countLimit else { throw tooMany() }
        let place = places[name] ?? endpoints.count
        if place == endpoints.count {
            endpoints.append((name, []))
            places[name] = place
        }
        endpoints[place].feedback.append(Feedback(target, row: row, label: label, at: at, position: position))
    }
}

private func tooMany() -> Refusal {
    Refusal(
        .limitExceeded, .tooLarge, "There are more than \(FeedbackReader.countLimit) labels.",
        hint: "Send them in parts, as `slipway feedback import` does.")
}

private func unreadable(_ reason: String) -> Refusal {
    Refusal(.feedbackUnreadable, .invalidInput, reason, hint: "See docs/how-to/send-labels.md.")
}
