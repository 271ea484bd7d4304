// SPDX-License-Identifier: Apache-2.0
internal import NIOCore
internal import NIOHTTP1
internal import Tensors

/// What stands before the body of an answer made on the event loop.
struct AnswerHead {
    var status = 200
    var contentType: StaticString = "application/json"
    var predictionID: String?
    /// Bytes of JSON before the binary tensors.
    var jsonByteCount: Int?
    /// Methods that the path takes, when another one was used.
    var allowedMethods: StaticString?

    /// The whole answer in one buffer: this head, and what `writer` holds.
    ///
    /// - Parameters:
    ///   - headWriter: Empty; used for this head.
    ///   - closing: Whether the connection ends behind it.
    ///   - isBodyless: For HEAD: the head of the answer that GET would get.
    func bytes(
        with writer: ByteWriter, headWriter: ByteWriter, date: String, closing: Bool, isBodyless: Bool
    ) -> ByteBuffer {
        write(into: headWriter, byteCount: writer.count, date: date, closing: closing)
        var buffer = ByteBufferAllocator().buffer(capacity: headWriter.count + (isBodyless ? 0 : writer.count))
        unsafe headWriter.withUnsafeBytes { unsafe _ = buffer.writeBytes($0) }
        headWriter.removeAll()
        if !isBodyless { unsafe writer.withUnsafeBytes { unsafe _ = buffer.writeBytes($0) } }
        return buffer
    }

    private func write(into writer: ByteWriter, byteCount: Int, date: String, closing: Bool) {
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
        if let predictionID {
            writer.append("\r\nslipway-prediction-id: ")
            writer.append(utf8: predictionID)
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
        if status == 503 { writer.append("\r\nRetry-After: 1") }
        if closing { writer.append("\r\nConnection: close") }
        writer.append("\r\n\r\n")
    }
}
