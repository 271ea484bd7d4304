// SPDX-License-Identifier: Apache-2.0
internal import HTTP2Connections
internal import InferenceServing
// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import ModelExecution
internal import NIOHTTP1
internal import Tensors

/// What stands before the body of an answer made on the event loop.
struct AnswerHead {
    var status = 200
    var contentType: StaticString = "application/json"
    var predictionID: PredictionID?
    /// Bytes of JSON before the binary tensors.
    var jsonByteCount: Int?
    /// Methods that the path takes, when another one was used.
    var allowedMethods: StaticString?

    /// How long the model's steps took, where the caller asked.
    var stepTimes: [StepTime]?

    /// The coding of the body, where it is compressed.
    var contentEncoding: StaticString?
    /// After how many seconds the same request may fare better.
    var retryAfterSeconds: Int?

    /// What becomes of the connection behind the answer.
    enum Connection {
        case close
        /// As HTTP/1.1 has it without saying so.
        case keep
        /// Said aloud, for a client of HTTP/1.0 that asked for it.
        case keepOld
    }

    /// Writes the head into `writer`.
    ///
    /// - Parameters:
    ///   - byteCount: Of the body.
    ///   - connection: What becomes of the connection behind the answer.
    func write(into writer: ByteWriter, byteCount: Int, date: String, connection: Connection) {
        if status == 200 {
            writer.append("HTTP/1.1 200 OK")
        } else {
            writer.append(utf8: "HTTP/1.1 \(status) \(HTTPResponseStatus(statusCode: status).reasonPhrase)")
        }
        writer.append("\r\nDate: ")
        writer.append(utf8: date)
        writer.append("\r\nContent-Type: ")
        writer.append(contentType)
        writer.append("\r\nContent-Length: ")
        writer.append(number: byteCount)
        if let contentEncoding {
            writer.append("\r\nContent-Encoding: ")
            writer.append(contentEncoding)
            writer.append("\r\nVary: Accept-Encoding")
        }
        if let predictionID {
            writer.append("\r\nslipway-prediction-id: ")
            writer.append(predictionID)
        }
        if let jsonByteCount {
            writer.append("\r\nInference-Header-Content-Length: ")
            writer.append(number: jsonByteCount)
        }
        if let serverTiming {
            writer.append("\r\nServer-Timing: ")
            writer.append(utf8: serverTiming)
        }
        if let allowedMethods {
            writer.append("\r\nAllow: ")
            writer.append(allowedMethods)
        }
        if status == 401 { writer.append("\r\nWWW-Authenticate: Bearer") }
        if let retrySeconds {
            writer.append("\r\nRetry-After: ")
            writer.append(number: retrySeconds)
        }
        switch connection {
        case .close: writer.append("\r\nConnection: close")
        case .keepOld: writer.append("\r\nConnection: keep-alive")
        case .keep: break
        }
        writer.append("\r\n\r\n")
    }

    /// The same for HTTP/2.
    func block(byteCount: Int, date: String) -> HeaderBlock {
        var block = HeaderBlock(status: status)
        block.append("date", date)
        block.append("content-type", "\(contentType)")
        block.append("content-length", String(byteCount))
        if let contentEncoding {
            block.append("content-encoding", "\(contentEncoding)")
            block.append("vary", "accept-encoding")
        }
        if let predictionID { block.append("slipway-prediction-id", "\(predictionID)") }
        if let jsonByteCount { block.append("inference-header-content-length", String(jsonByteCount)) }
        if let serverTiming { block.append("server-timing", serverTiming) }
        if let allowedMethods { block.append("allow", "\(allowedMethods)") }
        if status == 401 { block.append("www-authenticate", "Bearer") }
        if let retrySeconds { block.append("retry-after", String(retrySeconds)) }
        return block
    }

    private var serverTiming: String? {
        guard let stepTimes, !stepTimes.isEmpty else { return nil }
        return stepTimes.map { "\($0.name);dur=\(Double($0.nanoseconds) / 1_000_000)" }.joined(separator: ", ")
    }

    private var retrySeconds: Int? { retryAfterSeconds ?? (status == 503 || status == 429 ? 1 : nil) }
}
