// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Testing

@testable import HTTPInterface

struct FastRequestTests {
    /// Where the body lies matters for speed alone, so that no answer tells of it.
    @Test(arguments: ["0", "1", "16", "183", "-9223372036854775808", "9223372036854775807", "12x"])
    func tensorsOfABodyInPartsLieWhereTheProcessorLikesThem(jsonByteCount: String) throws {
        let text =
            "POST /v2/models/a/infer HTTP/1.1\r\nHost: a\r\nContent-Length: 300\r\n"
            + "Inference-Header-Content-Length: \(jsonByteCount)\r\n\r\n"
        var reader = HeadReader()
        var request = FastRequest(try #require(try reader.read(Array(text.utf8).span)))
        for part in [1, 100, 199] { request.append(ByteBuffer(repeating: UInt8(part), count: part)) }
        let body = try #require(request.body)
        #expect(Array(body.readableBytesView) == [1, 100, 199].flatMap { [UInt8](repeating: UInt8($0), count: $0) })
        guard let count = Int(jsonByteCount), (0...300).contains(count) else { return }
        let address = unsafe body.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
        #expect((address + UInt(count)) % 16 == 0)
    }
}
