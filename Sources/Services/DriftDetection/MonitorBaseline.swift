// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import Statistics
package import Tensors

/// What the traffic of a version is held against: profiles of its input columns, and of what is watched of its answers.
package struct MonitorBaseline: Sendable, Hashable {
    /// Where a profile comes from. What is only learned from traffic cannot show that traffic differs from training.
    package enum Origin: String, Sendable, Hashable {
        case training
        case traffic
    }

    package enum Part: String, Codable, Sendable, Hashable {
        case input
        case output
    }

    package struct Column: Sendable, Hashable {
        package let part: Part
        package let column: Baseline.Column

        package var name: String { column.name }
    }

    package let inputs: Baseline
    package let inputOrigin: Origin
    /// Of what ``MonitoredAnswers`` makes of the outputs.
    package let outputs: Baseline
    package let outputOrigin: Origin
    /// Inputs, then outputs: the order of a pane's columns.
    package let columns: [Column]
    /// Of the canonical form: counts over different baselines cannot be added.
    package let fingerprint: UInt64

    package init(inputs: Baseline, inputOrigin: Origin, outputs: Baseline, outputOrigin: Origin) {
        self.inputs = inputs
        self.inputOrigin = inputOrigin
        self.outputs = outputs
        self.outputOrigin = outputOrigin
        columns =
            inputs.columns.map { Column(part: .input, column: $0) }
            + outputs.columns.map { Column(part: .output, column: $0) }
        fingerprint = contentHash(
            Self.json(inputs, inputOrigin, outputs, outputOrigin).canonical.span)
    }

    /// Said wherever a verdict is shown; `nil` when all of it is of training data.
    package var note: String? {
        switch (inputOrigin, outputOrigin) {
        case (.training, .training): nil
        case (.training, .traffic):
            "Answers are held against the first \(outputs.rows) that this version gave."
        case (.traffic, _):
            "The bundle has no baseline: traffic is held against the first \(inputs.rows) rows that came, whatever they were like."
        }
    }
}

/// As it is stored, so that every replica counts over the same bins.
extension MonitorBaseline {
    private static let schema = "slipway.monitor-baseline/1"

    package var json: JSONValue { Self.json(inputs, inputOrigin, outputs, outputOrigin) }

    private static func json(
        _ inputs: Baseline, _ inputOrigin: Origin, _ outputs: Baseline, _ outputOrigin: Origin
    ) -> JSONValue {
        .record([
            ("schema", .string(schema)), ("inputs", inputs.json), ("inputs_from", .string(inputOrigin.rawValue)),
            ("outputs", outputs.json), ("outputs_from", .string(outputOrigin.rawValue)),
        ])
    }

    /// - Throws: `PRJ-009` for what is none.
    package init(document bytes: [UInt8]) throws {
        let reader = try FieldReader(document: bytes, what: "monitor's baseline")
        guard try reader.text("schema") == Self.schema,
            let inputOrigin = Origin(rawValue: try reader.text("inputs_from")),
            let outputOrigin = Origin(rawValue: try reader.text("outputs_from"))
        else { throw FieldReader.damaged("the monitor's baseline is of a schema that this version does not know") }
        self.init(
            inputs: try Baseline(try reader.fields("inputs")), inputOrigin: inputOrigin,
            outputs: try Baseline(try reader.fields("outputs")), outputOrigin: outputOrigin)
    }
}
