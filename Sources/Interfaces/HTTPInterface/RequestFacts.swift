// SPDX-License-Identifier: Apache-2.0

/// What the head of a request says that matters to predictions.
package struct RequestFacts: Sendable {
    package internal(set) var host: String?
    /// What stands behind the path's “?”.
    package internal(set) var query: String?
    package private(set) var authorization: String?
    package private(set) var accept: String?
    package private(set) var acceptEncoding: String?
    package private(set) var contentType: String?
    package private(set) var contentEncoding: String?
    package internal(set) var contentLength: Int?
    /// `Inference-Header-Content-Length` as it came.
    package private(set) var jsonByteCount: String?
    /// How long the caller waits: `slipway-timeout` as it came.
    package private(set) var timeout: String?
    /// `X-Amzn-SageMaker-Target-Model`
    package private(set) var targetModel: String?
    package internal(set) var expectsContinue = false
    /// Whether a proxy says that it passed the request on.
    package private(set) var isForwarded = false
    /// Whether the client offers another protocol.
    package private(set) var offersUpgrade = false

    package init() {}

    /// Takes a header into account.
    mutating func take(_ name: Range<Int>, _ value: Range<Int>, _ bytes: Span<UInt8>) {
        switch name.count {
        case 3 where matches(bytes, name, "via"): isForwarded = true
        case 6 where matches(bytes, name, "accept"): accept = text(bytes, value)
        case 7 where matches(bytes, name, "upgrade"): offersUpgrade = true
        case 9 where matches(bytes, name, "forwarded") || matches(bytes, name, "x-real-ip"): isForwarded = true
        case 12 where matches(bytes, name, "content-type"):
            // The usual one costs no allocation.
            contentType = matches(bytes, value, "application/json") ? "application/json" : text(bytes, value)
        case 13 where matches(bytes, name, "authorization"): authorization = text(bytes, value)
        case 15 where matches(bytes, name, "accept-encoding"): acceptEncoding = text(bytes, value)
        case 15 where matches(bytes, name, "slipway-timeout"): timeout = text(bytes, value)
        case 16 where matches(bytes, name, "content-encoding"):
            // Two of them are one list, which names no coding that is read here.
            contentEncoding = contentEncoding.map { "\($0), \(text(bytes, value))" } ?? text(bytes, value)
        case 29 where matches(bytes, name, "x-amzn-sagemaker-target-model"): targetModel = text(bytes, value)
        case 31 where matches(bytes, name, "inference-header-content-length"): jsonByteCount = text(bytes, value)
        default: if begins(bytes, name, with: "x-forwarded-") { isForwarded = true }
        }
    }

    /// Whether the body is CSV, as against JSON.
    package var isCSV: Bool { contentType.map { mediaType($0) == "text/csv" } ?? false }
}

/// `text/csv` of `Text/CSV; header=present`.
private func mediaType(_ value: String) -> String {
    let end = value.firstIndex { $0 == ";" || $0 == " " } ?? value.endIndex
    return value[..<end].lowercased()
}
