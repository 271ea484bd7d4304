// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
internal import ModelDomain
internal import NIOCore

/// A request of ours while it arrives and is answered.
struct FastRequest {
    /// The most that is set aside for a body because its head says so; more only for bytes that came.
    private static let largestReservation = 4 << 20

    let target: RequestTarget
    let facts: RequestFacts
    /// How the client reads errors.
    var errorForm: ErrorForm
    let isHead: Bool
    let isVersion11: Bool
    /// Whether the connection can go on behind the answer.
    var keepsAlive: Bool
    /// Decided by the head: the body is dropped, and this is the answer.
    var refusal: Refused?
    /// Whose token came with it, where one was needed.
    var principal: Principal?
    var reader: BodyReader
    private(set) var body: ByteBuffer?

    /// What the answer may be compressed with. Descriptions of the protocol's models never are: Triton's asynchronous client
    /// says that it takes gzip, and then reads only predictions so.
    var acceptEncoding: String? {
        switch target.route {
        case .server, .models, .metadata, .configuration, .statistics, .repositoryIndex: nil
        default: facts.acceptEncoding
        }
    }

    /// A class, because requests that have none of it are copied as often as others.
    final class Refused {
        let explanation: Explanation
        let status: Int?
        let allowedMethods: StaticString?

        init(explanation: Explanation, status: Int? = nil, allowedMethods: StaticString? = nil) {
            self.explanation = explanation
            self.status = status
            self.allowedMethods = allowedMethods
        }
    }

    init(_ head: RequestHead) {
        target = head.target
        errorForm = head.target.route?.errorForm ?? .inferenceProtocol
        facts = head.facts
        isHead = head.method == .head
        isVersion11 = head.isVersion11
        keepsAlive = head.keepsAlive
        reader = BodyReader(head.framing)
    }

    /// What is answered when not even a head can be read.
    init(unreadable: Void) {
        target = RequestTarget("*")
        facts = RequestFacts()
        errorForm = .inferenceProtocol
        isHead = false
        isVersion11 = true
        keepsAlive = false
        reader = BodyReader(.length(0))
    }

    var route: FastRoute { target.route ?? .unknown }

    var byteCount: Int { body?.readableBytes ?? 0 }

    /// Keeps a part of the body: a whole one as it is, without copying.
    mutating func append(_ part: ByteBuffer) {
        var part = part
        if body != nil {
            body?.writeBuffer(&part)
        } else if let length = facts.contentLength, length > part.readableBytes {
            let gap = gapBeforeBody
            var reserved = ByteBufferAllocator().buffer(capacity: gap + min(length, Self.largestReservation))
            reserved.writeRepeatingByte(0, count: gap)
            reserved.moveReaderIndex(forwardBy: gap)
            reserved.writeBuffer(&part)
            body = reserved
        } else {
            body = part
        }
    }

    /// Bytes to leave free, so that tensors behind the JSON lie where the processor likes them, and are used in place.
    private var gapBeforeBody: Int { facts.jsonByteCount.flatMap { Int($0) }.map { (16 - ($0 & 15)) & 15 } ?? 0 }

    /// Puts the body in place of the one that came compressed.
    mutating func replaceBody(_ bytes: [UInt8]) { body = ByteBuffer(bytes: bytes) }
}
