// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
package import Tensors

/// What became of the attempts to run a model natively that was made in another language: stored with the version.
package struct ConversionVerdict: Sendable, Hashable {
    /// One converted form, held against the original's answers.
    package struct Attempt: Sendable, Hashable {
        /// `skl2onnx 1.19.1, float64`.
        package let form: String
        /// Rows that were compared, and how many of them were made to lie at the edges.
        package let rows: Int
        package let edgeRows: Int
        package let largestDifference: Double
        package let differingRows: Int
        /// The first row that differs, with both answers, and what is special about it; `nil` when none does.
        package let firstDifference: String?
        /// Why it could not be compared at all.
        package let problem: String?

        package var agrees: Bool { problem == nil && differingRows == 0 }
    }

    /// `sklearn.pipeline.Pipeline`.
    package let original: String
    /// Whether the native engine serves it.
    package let isNative: Bool
    /// In the order in which they were tried; the last one serves when ``isNative``.
    package let attempts: [Attempt]
    /// What no converter could do: `skl2onnx 1.19.1, float32: no converter for KNNImputer`.
    package let notConverted: [String]
    package let notes: [String]

    /// One line for a person.
    package var line: String {
        guard !isNative else {
            let attempt = attempts.last
            return "native: \(attempt?.form ?? "") agrees with \(original) on "
                + "\(attempt?.rows ?? 0) rows, \(attempt?.edgeRows ?? 0) of them made for the edges"
        }
        let reason: String =
            if let attempt = attempts.first(where: { !$0.agrees }) {
                attempt.problem.map { "\(attempt.form): \($0)" }
                    ?? "\(attempt.form) differs in \(attempt.differingRows) of \(attempt.rows) rows"
            } else {
                notConverted.first ?? "it was asked for"
            }
        return "worker: the original \(original) itself answers (\(reason))"
    }

    package var json: JSONValue {
        .record([
            ("original", .string(original)), ("served_by", .string(isNative ? "native" : "worker")),
            (
                "attempts",
                .array(
                    attempts.map { attempt in
                        .record([
                            ("form", .string(attempt.form)), ("agrees", .bool(attempt.agrees)),
                            ("rows", .integer(Int64(attempt.rows))),
                            ("edge_rows", .integer(Int64(attempt.edgeRows))),
                            ("largest_difference", .double(attempt.largestDifference)),
                            ("differing_rows", .integer(Int64(attempt.differingRows))),
                            ("first_difference", attempt.firstDifference.map(JSONValue.string)),
                            ("problem", attempt.problem.map(JSONValue.string)),
                        ])
                    })
            ),
            ("not_converted", .array(notConverted.map(JSONValue.string))),
            ("notes", .array(notes.map(JSONValue.string))),
        ])
    }
}
