// SPDX-License-Identifier: Apache-2.0
internal import ContentCoding

/// What the head of a request says that matters to predictions.
///
/// A class, so that a request that is passed on is not copied text by text. Written by ``HeaderReader`` only.
package final class RequestFacts {
    package internal(set) var host: String?
    /// What stands behind the path's “?”.
    package internal(set) var query: String?
    package private(set) var authorization: String?
    package private(set) var accept: String?
    package private(set) var acceptEncoding: String?
    package private(set) var contentType: String?
    /// What ``contentType`` says, where it is one that matters for speed.
    package private(set) var bodyType = BodyType.other
    package private(set) var contentEncoding: String?
    package internal(set) var contentLength: Int?
    /// `Inference-Header-Content-Length` as it came.
    package private(set) var jsonByteCount: String?
    /// How long the caller waits: `slipway-timeout` as it came.
    package private(set) var timeout: String?
    /// What of the time is to be told: `slipway-timing` as it came.
    package private(set) var timing: String?
    /// How urgent it is: `slipway-priority` as it came.
    package private(set) var priority: String?
    /// What the caller calls that which the prediction is about: `slipway-key` as it came.
    package private(set) var key: String?
    /// Whom the prediction is about: `slipway-subject` as it came.
    package private(set) var subject: String?
    /// The id that the caller wants: `slipway-prediction-id` as it came.
    package private(set) var predictionID: String?
    /// What the caller says of its trace: `traceparent` and `tracestate` as they came.
    package private(set) var traceparent: String?
    package private(set) var tracestate: String?
    /// `X-Amzn-SageMaker-Target-Model`
    package private(set) var targetModel: String?
    package internal(set) var expectsContinue = false
    /// Whether a proxy says that it passed the request on.
    package private(set) var isForwarded = false
    /// Whether the client offers another protocol.
    package private(set) var offersUpgrade = false

    package enum BodyType: Sendable {
        case csv
        /// Bytes without any description.
        case octetStream
        /// JSON, anything else, or nothing.
        case other
    }

    package init() {}

    /// How the body is compressed, by name and as it is known here; `nil` when it comes as it is.
    var bodyCoding: (name: String, known: ContentCoding?)? {
        guard let name = contentEncoding, name.lowercased() != "identity" else { return nil }
        return (name, ContentCoding(named: name))
    }

    /// Takes a header into account.
    func take(_ name: Range<Int>, _ value: Range<Int>, _ bytes: Span<UInt8>) {
        switch name.count {
        case 3 where matches(bytes, name, "via"): isForwarded = true
        case 6 where matches(bytes, name, "accept"): accept = text(bytes, value)
        case 7 where matches(bytes, name, "upgrade"): offersUpgrade = true
        case 9 where matches(bytes, name, "forwarded") || matches(bytes, name, "x-real-ip"): isForwarded = true
        // Two of them are none, and of the other one list.
        case 10 where matches(bytes, name, "tracestate"): tracestate = joined(tracestate, text(bytes, value))
        case 11 where matches(bytes, name, "slipway-key"): key = text(bytes, value)
        case 11 where matches(bytes, name, "traceparent"): traceparent = joined(traceparent, text(bytes, value))
        case 12 where matches(bytes, name, "content-type"):
            // The usual one costs no allocation.
            contentType = matches(bytes, value, "application/json") ? "application/json" : text(bytes, value)
            bodyType = bodyType(mediaType(value, bytes), bytes)
        case 13 where matches(bytes, name, "authorization"): authorization = text(bytes, value)
        case 14 where matches(bytes, name, "slipway-timing"): timing = text(bytes, value)
        case 15 where matches(bytes, name, "accept-encoding"): acceptEncoding = text(bytes, value)
        case 15 where matches(bytes, name, "slipway-subject"): subject = text(bytes, value)
        case 15 where matches(bytes, name, "slipway-timeout"): timeout = text(bytes, value)
        case 16 where matches(bytes, name, "slipway-priority"): priority = text(bytes, value)
        case 16 where matches(bytes, name, "content-encoding"):
            // Two of them are one list, which names no coding that is read here.
            contentEncoding = joined(contentEncoding, text(bytes, value))
        case 21 where matches(bytes, name, "slipway-prediction-id"): predictionID = text(bytes, value)
        case 29 where matches(bytes, name, "x-amzn-sagemaker-target-model"): targetModel = text(bytes, value)
        case 31 where matches(bytes, name, "inference-header-content-length"): jsonByteCount = text(bytes, value)
        default: if begins(bytes, name, with: "x-forwarded-") { isForwarded = true }
        }
    }

    private func joined(_ before: String?, _ value: String) -> String { before.map { "\($0), \(value)" } ?? value }

    private func bodyType(_ type: Range<Int>, _ bytes: Span<UInt8>) -> BodyType {
        if matches(bytes, type, "text/csv") { return .csv }
        return matches(bytes, type, "application/octet-stream") ? .octetStream : .other
    }
}

/// `text/csv` of `text/csv; header=present`.
private func mediaType(_ value: Range<Int>, _ bytes: Span<UInt8>) -> Range<Int> {
    value.lowerBound..<(value.first { bytes[$0] == UInt8(ascii: ";") || bytes[$0] == 0x20 } ?? value.upperBound)
}
