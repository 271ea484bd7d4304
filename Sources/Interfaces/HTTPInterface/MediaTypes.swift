// SPDX-License-Identifier: Apache-2.0
internal import ContentCoding
internal import ModelDomain

/// A body of a kind that is not read: status 415.
struct UnreadableType: ExplainedError {
    static let status = 415
    let explanation: Explanation

    init(_ message: String, hint: String) {
        explanation = Explanation(.unsupportedOption, .invalidInput, message, hint: hint)
    }
}

/// What the body of `/invocations` may be.
enum ScoringType: Equatable {
    case json, csv

    /// - Throws: ``UnreadableType`` for a type that is not read, or a charset other than UTF-8.
    init(_ header: String?) throws(UnreadableType) {
        guard let header else {
            self = .json
            return
        }
        let parts = headerParts(header[...]).map { $0.lowercased() }
        for parameter in parts.dropFirst() where parameter.hasPrefix("charset=") {
            let charset = parameter.dropFirst("charset=".count).filter { $0 != "\"" }
            guard charset == "utf-8" || charset == "utf8" else {
                throw UnreadableType("The charset “\(charset.prefix(40))” is not read.", hint: "Send UTF-8.")
            }
        }
        switch parts.first ?? "" {
        case "application/json": self = .json
        case "text/csv": self = .csv
        case "application/vnd.apache.parquet", "application/x-parquet":
            throw UnreadableType("Parquet is not read here.", hint: "Send the same table as JSON or as text/csv.")
        case let type:
            throw UnreadableType(
                "“\(type.prefix(100))” is not read here.",
                hint: "Send Content-Type: application/json, or text/csv for CSV with a header.")
        }
    }
}

/// Whether an `Accept` header wants CSV before JSON.
func prefersCSV(_ header: String?) -> Bool {
    guard let header, header.utf8.count >= 8, header.utf8.count <= 1000, header.lowercased().contains("text/csv")
    else { return false }
    var best: (isCSV: Bool, weight: Double)?
    for (type, weight) in weightedList(header.lowercased()) {
        let isCSV = type == "text/csv"
        guard isCSV || type == "application/json" else { continue }
        if weight > best?.weight ?? 0 { best = (isCSV, weight) }
    }
    return best?.isCSV ?? false
}
