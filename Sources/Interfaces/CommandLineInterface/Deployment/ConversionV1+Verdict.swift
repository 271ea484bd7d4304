// SPDX-License-Identifier: Apache-2.0
internal import ModelPackaging
internal import WireTypes

extension ConversionV1 {
    init(_ verdict: ConversionVerdict) {
        self.init(
            original: verdict.original, servedBy: verdict.isNative ? "native" : "worker",
            attempts: verdict.attempts.map { attempt in
                Attempt(
                    form: attempt.form, agrees: attempt.agrees, rows: attempt.rows, edgeRows: attempt.edgeRows,
                    largestDifference: attempt.largestDifference, differingRows: attempt.differingRows,
                    firstDifference: attempt.firstDifference, problem: attempt.problem)
            }, notConverted: verdict.notConverted, notes: verdict.notes)
    }
}
