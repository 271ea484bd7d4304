// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// What versions of data do not have, or cannot be.
package enum DatasetError: ExplainedError, Equatable {
    case unknown(DatasetReference, closest: String?)
    case unknownVersion(String, of: DatasetReference, newest: Int?)
    case ambiguousDigest(String, of: DatasetReference)
    case unreadableSelector(String)
    /// A file that is no table of its format.
    case unreadable(String, reason: String)
    case unknownFormat(String)
    case unknownKey(String, closest: String?)
    /// Only its digest is here.
    case notKept(String)
    /// What is kept of it adds up to something else.
    case differs(String, expected: Digest, found: Digest)
    /// Contents are named, and nothing shows that whoever names them has them.
    case notShown(DatasetReference)
    /// The file was written to while it was read.
    case changedMeanwhile(String)

    package var explanation: Explanation {
        switch self {
        case .unknown(let dataset, let closest):
            Explanation(
                .datasetUnknown, .notFound, "There is no data set “\(dataset)”.",
                hint: closest.map { "Did you mean “\($0)”?" } ?? "`slipway dataset list` shows what is there.")
        case .unknownVersion(let version, let dataset, let newest):
            Explanation(
                .datasetUnknown, .notFound, "The data set “\(dataset)” has no version \(version).",
                hint: newest.map { "Its newest version is \($0)." })
        case .ambiguousDigest(let text, let dataset):
            Explanation(
                .datasetUnknown, .conflict, "Several versions of “\(dataset)” have a digest that starts with \(text).",
                hint: "Write more digits of it.")
        case .unreadableSelector(let text):
            Explanation(
                .datasetUnknown, .invalidInput, "“\(text)” names no version of data.",
                hint: "Write NAME@3, or NAME@ and at least 8 digits of the data's SHA-256; NAME alone is the newest.")
        case .unreadable(let file, let reason):
            Explanation(
                .dataUnreadable, .invalidInput, "“\(file)” cannot be read as a table: \(reason).",
                hint: "Mend that row, or say with --data-format what the file is.")
        case .unknownFormat(let file):
            Explanation(
                .dataUnreadable, .invalidInput, "What “\(file)” is cannot be told from its name.",
                hint: "Say it with --data-format: csv, jsonl, parquet or arrow.")
        case .unknownKey(let name, let closest):
            Explanation(
                .dataUnreadable, .invalidInput, "The data has no column “\(name)” for a key.",
                hint: closest.map { "Did you mean “\($0)”?" })
        case .notKept(let version):
            Explanation(
                .dataNotKept, .conflict, "Of \(version) only the digest and the profile are here.",
                hint: "It was added with --fingerprint-only. Compare a file with it by `slipway dataset verify`.")
        case .differs(let what, let expected, let found):
            Explanation(
                .dataDiffers, .conflict, "\(what) is not the data that was added.",
                hint: "Its SHA-256 tells which version it is: `slipway dataset list NAME`.",
                details: [.init("expected", expected.hex), .init("found", found.hex)])
        case .notShown(let dataset):
            Explanation(
                .dataDiffers, .conflict, "Nothing shows that whoever adds to “\(dataset)” has the data.",
                hint: "Send the proof that docs/formats/dataset.md describes; `slipway dataset add` does.")
        case .changedMeanwhile(let file):
            Explanation(
                .dataUnreadable, .conflict, "“\(file)” was written to while it was read.",
                hint: "Try again when it is finished.")
        }
    }
}
