// SPDX-License-Identifier: Apache-2.0

/// How a body is compressed on its way (RFC 9110, 8.4.1).
package enum ContentCoding: Sendable, Equatable {
    case gzip
    /// The zlib format; bare deflate, which some clients send under this name, is read as well.
    case deflate

    /// The coding that `Content-Encoding` names.
    ///
    /// - Returns: `nil` for one that is not read here, several in a row among them.
    package init?(named name: String) {
        switch name.lowercased() {
        case "gzip", "x-gzip": self = .gzip
        case "deflate": self = .deflate
        default: return nil
        }
    }

    /// As `Content-Encoding` names it.
    package var name: StaticString {
        switch self {
        case .gzip: "gzip"
        case .deflate: "deflate"
        }
    }

    /// The coding to answer in, by the weights of `Accept-Encoding`; gzip where both are welcome alike.
    ///
    /// - Returns: `nil` when the body is best sent as it is.
    package static func accepted(by header: String) -> ContentCoding? {
        var best: (coding: ContentCoding, weight: Double)?
        var identity = 0.0
        for (name, weight) in weightedList(header) {
            let coding = name == "*" ? .gzip : ContentCoding(named: String(name))
            if let coding, weight > 0, weight > best?.weight ?? 0 || (weight == best?.weight && coding == .gzip) {
                best = (coding, weight)
            }
            if name == "identity" { identity = weight }
        }
        return best.flatMap { $0.weight >= identity ? $0.coding : nil }
    }
}
