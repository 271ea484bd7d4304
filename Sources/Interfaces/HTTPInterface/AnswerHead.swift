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
    ///   - closing: Whether the connection ends behind it.
    ///   - isBodyless: For HEAD: the head of the answer that GET would get.
    func bytes(with writer: ByteWriter, date: String, closing: Bool, isBodyless: Bool) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: 320 + (isBodyless ? 0 : writer.count))
        buffer.writeStaticString("HTTP/1.1 ")
        if status == 200 {
            buffer.writeStaticString("200 OK")
        } else {
            buffer.writeString("\(status) \(HTTPResponseStatus(statusCode: status).reasonPhrase)")
        }
        buffer.writeStaticString("\r\nDate: ")
        buffer.writeString(date)
        buffer.writeStaticString("\r\nContent-Type: ")
        buffer.writeStaticString(contentType)
        buffer.writeStaticString("\r\nContent-Length: ")
        buffer.writeString(String(writer.count))
        if let predictionID {
            buffer.writeStaticString("\r\nslipway-prediction-id: ")
            buffer.writeString(predictionID)
        }
        if let jsonByteCount {
            buffer.writeStaticString("\r\nInference-Header-Content-Length: ")
            buffer.writeString(String(jsonByteCount))
        }
        if let allowedMethods {
            buffer.writeStaticString("\r\nAllow: ")
            buffer.writeStaticString(allowedMethods)
        }
        if status == 401 { buffer.writeStaticString("\r\nWWW-Authenticate: Bearer") }
        if status == 503 { buffer.writeStaticString("\r\nRetry-After: 1") }
        if closing { buffer.writeStaticString("\r\nConnection: close") }
        buffer.writeStaticString("\r\n\r\n")
        if !isBodyless { unsafe writer.withUnsafeBytes { unsafe _ = buffer.writeBytes($0) } }
        return buffer
    }
}
