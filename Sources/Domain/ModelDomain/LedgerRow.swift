// SPDX-License-Identifier: Apache-2.0
package import Tensors

/// An entry of the ledger as it lies somewhere, which need not be what was written: ``LedgerAudit`` compares.
package struct LedgerRow: Sendable, Hashable {
    package let sequence: Int
    package let time: Timestamp
    package let change: LedgerChange
    package let leaf: [UInt8]
    /// 64 hexadecimal digits, if nobody changed them.
    package let chain: String

    package init(sequence: Int, time: Timestamp, change: LedgerChange, leaf: [UInt8], chain: String) {
        self.sequence = sequence
        self.time = time
        self.change = change
        self.leaf = leaf
        self.chain = chain
    }

    package init(_ entry: LedgerEntry) {
        self.init(
            sequence: entry.sequence, time: entry.time, change: entry.change, leaf: entry.leaf, chain: entry.chain.hex)
    }
}

/// A ledger as a file: JSON lines, the schema first, then every entry, and the head at the end, without which it was cut
/// off. `docs/formats/ledger.md` describes it.
package enum LedgerLine: Sendable, Hashable {
    package static let schema = "slipway.ledger/1"

    case beginning
    case entry(LedgerRow)
    case head(LedgerHead)

    package var json: JSONValue {
        switch self {
        case .beginning: .record([("schema", .string(Self.schema))])
        case .head(let head):
            .record([
                (
                    "head",
                    .record([
                        ("size", .integer(Int64(head.size))), ("root", .string(head.root.hex)),
                        ("chain", head.chain.map { .string($0.hex) }), ("time", head.time.map { .string($0.text) }),
                    ])
                )
            ])
        case .entry(let row):
            .record([
                ("sequence", .integer(Int64(row.sequence))), ("time", .integer(row.time.microseconds)),
                ("actor", .string(row.change.actor)), ("action", .string(row.change.action)),
                ("object", .string(row.change.object)), ("before", row.change.before.map(JSONValue.string)),
                ("after", row.change.after.map(JSONValue.string)),
                ("reason", row.change.reason.map(JSONValue.string)),
                ("evidence", row.change.evidence.map(JSONValue.string)), row.leafField,
                ("chain", .string(row.chain)),
            ])
        }
    }

    /// - Throws: `IN-001` for what is none of these.
    package init(_ bytes: [UInt8]) throws(Refusal) {
        guard let value = try? JSONValue.parse(bytes) else { throw Self.unreadable("it is no JSON") }
        if value["schema"]?.string == Self.schema {
            self = .beginning
        } else if let head = value["head"] {
            guard let size = head["size"]?.integer.flatMap(Int.init(exactly:)), size >= 0,
                let root = head["root"]?.string.flatMap({ Digest($0) })
            else { throw Self.unreadable("its head has no size and root") }
            self = .head(
                LedgerHead(
                    size: size, root: root, chain: head["chain"]?.string.flatMap { Digest($0) },
                    time: head["time"]?.string.flatMap { Timestamp($0) }))
        } else {
            guard let sequence = value["sequence"]?.integer.flatMap(Int.init(exactly:)),
                let time = value["time"]?.integer, let actor = value["actor"]?.string,
                let action = value["action"]?.string, let object = value["object"]?.string,
                let chain = value["chain"]?.string,
                let leaf = value["leaf"]?.string.map({ Array($0.utf8) }) ?? value["leaf_hex"]?.string.flatMap(hexBytes)
            else { throw Self.unreadable("it is no entry") }
            self = .entry(
                LedgerRow(
                    sequence: sequence, time: Timestamp(microseconds: time),
                    change: LedgerChange(
                        actor: actor, action: action, object: object, before: value["before"]?.string,
                        after: value["after"]?.string, reason: value["reason"]?.string,
                        evidence: value["evidence"]?.string),
                    leaf: leaf, chain: chain))
        }
    }

    private static func unreadable(_ reason: String) -> Refusal {
        Refusal(
            .bodySyntax, .invalidInput, "A line of the ledger cannot be read: \(reason).",
            hint: "Write the file with `slipway ledger export`.")
    }
}

extension LedgerRow {
    /// As text, which it always is; somebody who changed it may have made something else of it.
    fileprivate var leafField: (String, JSONValue?) {
        guard let text = String(validating: leaf, as: UTF8.self) else {
            return ("leaf_hex", .string(lowercaseHex(leaf)))
        }
        return ("leaf", .string(text))
    }
}

private func hexBytes(_ text: String) -> [UInt8]? {
    let digits = text.compactMap(\.hexDigitValue)
    guard digits.count == text.count, digits.count.isMultiple(of: 2) else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}
