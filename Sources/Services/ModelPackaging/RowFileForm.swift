// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import ModelExecution

/// The two forms in which a project keeps rows: CSV, and JSON lines.
enum RowFileForm {
    case table
    case lines

    /// Told by the name.
    ///
    /// - Throws: `PRF-002` for any other name.
    init(of path: String) throws(Refusal) {
        if path.hasSuffix(".csv") {
            self = .table
        } else if path.hasSuffix(".jsonl") {
            self = .lines
        } else {
            throw unusableExamples("“\(path)” is neither CSV (*.csv) nor JSON lines (*.jsonl)")
        }
    }
}
