// SPDX-License-Identifier: Apache-2.0
internal import InferenceServing
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
        if let allowedMethods {
            writer.append("\r\nAllow: ")
            writer.append(allowedMethods)
        }
        if status == 401 { writer.append("\r\nWWW-Authenticate: Bearer") }
        if let seconds = retryAfterSeconds ?? (status == 503 || status == 429 ? 1 : nil) {
            writer.append("\r\nRetry-After: ")
            writer.append(number: seconds)
        }
        switch connection {
        case .close: writer.append("\r\nConnection: close")
        case .keepOld: writer.append("\r\nConnection: keep-alive")
        case .keep: break
        }
        writer.append("\r\n\r\n")
    }
}
