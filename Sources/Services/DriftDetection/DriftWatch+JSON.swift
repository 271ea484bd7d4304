// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import Statistics
package import Tensors

/// As it is kept from one window to the next, by whoever may judge then; `docs/formats/monitor-pane.md`.
extension DriftWatch {
    private static let schema = "slipway.drift-watch/1"

    package var json: JSONValue {
        .record([
            ("schema", .string(Self.schema)), ("fingerprint", .string(String(baseline.fingerprint))),
            ("global", global.json), ("evidence", .array([.double(evidence.logarithm), .double(evidence.logProduct)])),
            ("noise_windows", .integer(Int64(noise.windows))),
            ("noise_pool", noise.pool.map { .array($0.encoded.map { .integer(Int64($0)) }) }),
            (
                "columns",
                .array(
                    columns.enumerated().map { place, column in
                        .record([
                            ("drift", column.drift.json), ("quality", column.quality.json),
                            ("excess", .double(column.excess)), ("windows", .integer(Int64(column.windows))),
                            ("ratios", .array(noise.ratios[place].map(JSONValue.double))),
                            ("freedom", .integer(Int64(noise.freedoms[place]))),
                        ])
                    })
            ),
        ])
    }

    /// - Returns: `nil` where it is of another baseline.
    /// - Throws: `PRJ-009` for what is no watch.
    package init?(document bytes: [UInt8], _ baseline: MonitorBaseline, rules: MonitorRules = MonitorRules()) throws {
        let reader = try FieldReader(document: bytes, what: "drift watch")
        guard try reader.text("schema") == Self.schema else {
            throw FieldReader.damaged("the drift watch is of a schema that this version does not know")
        }
        self.init(baseline, rules: rules)
        let stored = try reader.list("columns")
        guard try reader.text("fingerprint") == String(baseline.fingerprint), stored.count == columns.count else {
            return nil
        }
        global = try Statistics.AlertLevel(reader.fields("global"))
        let sums = try reader.numbers("evidence")
        guard sums.count == 2 else { throw FieldReader.damaged("“evidence” has not two numbers") }
        evidence = EvidenceSum(logarithm: sums[0], logProduct: sums[1])
        var pool: MonitorPane?
        if reader.has("noise_pool") {
            let bytes = try reader.integers("noise_pool").compactMap { UInt8(exactly: $0) }
            pool = MonitorPane(encoded: bytes)
            guard pool?.fingerprint == baseline.fingerprint, pool?.columns.count == columns.count else {
                throw FieldReader.damaged("“noise_pool” is no pane of this baseline")
            }
        }
        noise = NoiseMeasure(
            ratios: try stored.map { try $0.numbers("ratios") }, freedoms: try stored.map { try $0.count("freedom") },
            pool: pool, windows: try reader.count("noise_windows"))
        columns = try stored.map { column in
            Column(
                drift: try Statistics.AlertLevel(column.fields("drift")),
                quality: try Statistics.AlertLevel(column.fields("quality")), excess: try column.number("excess"),
                windows: try column.count("windows"))
        }
    }
}

extension Statistics.AlertLevel {
    fileprivate var json: JSONValue {
        .record([
            ("level", .integer(Int64(level.rawValue))),
            ("windows", .array(lastWindows.map { .integer(Int64($0.rawValue)) })),
            ("insufficient", .integer(Int64(insufficientInARow))),
        ])
    }

    fileprivate init(_ reader: FieldReader) throws {
        guard let level = Level(rawValue: try reader.count("level")) else {
            throw FieldReader.damaged("a level is none that there is")
        }
        self.init(
            level: level, lastWindows: try reader.integers("windows").compactMap { Window(rawValue: Int($0)) },
            insufficientInARow: try reader.count("insufficient"))
    }
}
