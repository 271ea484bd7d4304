// SPDX-License-Identifier: Apache-2.0

/// Reads the headers of one request in one pass, and decides from them how its body ends.
struct HeaderReader {
    private let isVersion11: Bool
    private let facts = RequestFacts()
    private var hostCount = 0
    private var contentLength: Int?
    private var isChunked = false
    private var closes = false
    private var keepsOldAlive = false

    init(isVersion11: Bool, query: String?) {
        self.isVersion11 = isVersion11
        facts.query = query
    }

    /// - Returns: `false` when the empty line has not come yet.
    mutating func read(_ bytes: Span<UInt8>, _ position: inout Int) throws(RequestFault) -> Bool {
        var headerCount = 0
        while true {
            guard position &+ 1 < bytes.count else { return false }
            if bytes[position] == 0x0D, bytes[position &+ 1] == 0x0A {
                position &+= 2
                return true
            }
            let nameStart = position
            while position < bytes.count, ByteClass.isToken(bytes[position]) { position &+= 1 }
            guard position < bytes.count else { return false }
            guard bytes[position] == 0x3A, position > nameStart else {
                throw .malformed("A header is not a name with a colon right behind it.")
            }
            let name = nameStart..<position
            position &+= 1
            guard let value = try readValue(bytes, &position) else { return false }
            headerCount &+= 1
            guard headerCount <= HeadReader.maxHeaderCount else { throw .headTooLarge }
            try take(name, value, bytes)
        }
    }

    /// - Returns: The value without the space around it; `nil` when its line has not ended yet.
    private func readValue(_ bytes: Span<UInt8>, _ position: inout Int) throws(RequestFault) -> Range<Int>? {
        while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 { position &+= 1 }
        let start = position
        while position < bytes.count, ByteClass.isValue(bytes[position]) { position &+= 1 }
        guard position &+ 1 < bytes.count else {
            guard position == bytes.count || bytes[position] == 0x0D else { throw Self.strayByte }
            return nil
        }
        guard bytes[position] == 0x0D, bytes[position &+ 1] == 0x0A else { throw Self.strayByte }
        var end = position
        while end > start, bytes[end &- 1] == 0x20 || bytes[end &- 1] == 0x09 { end &-= 1 }
        position &+= 2
        return start..<end
    }

    private static let strayByte = RequestFault.malformed(
        "A header has a control character, or a line ends without CR LF.")

    private mutating func take(
        _ name: Range<Int>, _ value: Range<Int>, _ bytes: Span<UInt8>
    ) throws(RequestFault) {
        switch name.count {
        case 4 where matches(bytes, name, "host"):
            hostCount &+= 1
            facts.host = text(bytes, value)
        case 6 where matches(bytes, name, "expect"):
            guard matches(bytes, value, "100-continue") else { throw .expectationUnsupported }
            // A client of HTTP/1.0 would not know what the interim answer is (RFC 9110, 10.1.1).
            facts.expectsContinue = isVersion11
        case 10 where matches(bytes, name, "connection"): takeConnection(value, bytes)
        case 14 where matches(bytes, name, "content-length"): try takeLength(value, bytes)
        case 17 where matches(bytes, name, "transfer-encoding"):
            guard !isChunked, isVersion11 else {
                throw .malformed("Transfer-Encoding comes twice, or in HTTP/1.0.")
            }
            guard matches(bytes, value, "chunked") else { throw .transferCodingUnsupported }
            isChunked = true
        default: facts.take(name, value, bytes)
        }
    }

    private mutating func takeLength(_ value: Range<Int>, _ bytes: Span<UInt8>) throws(RequestFault) {
        guard contentLength == nil else { throw .malformed("Content-Length comes twice.") }
        guard !value.isEmpty, value.count <= 18 else {
            throw .malformed("Content-Length is empty, or larger than any body.")
        }
        var length = 0
        for index in value {
            let digit = Int(bytes[index]) &- 0x30
            guard (0...9).contains(digit) else { throw .malformed("Content-Length is not digits alone.") }
            length = length &* 10 &+ digit
        }
        contentLength = length
    }

    private mutating func takeConnection(_ value: Range<Int>, _ bytes: Span<UInt8>) {
        if matches(bytes, value, "keep-alive") {
            keepsOldAlive = true
            return
        }
        for option in text(bytes, value).lowercased().split(separator: ",") {
            switch option.drop(while: { $0 == " " || $0 == "\t" }).prefix(while: { $0 != " " && $0 != "\t" }) {
            case "close": closes = true
            case "keep-alive": keepsOldAlive = true
            default: break
            }
        }
    }

    /// The head, once every header was read.
    ///
    /// - Throws: When the headers contradict one another.
    func head(
        method: RequestHead.Method, target: RequestTarget, byteCount: Int
    ) throws(RequestFault) -> RequestHead {
        guard !isChunked || contentLength == nil else {
            throw .malformed("It has both a Content-Length and a Transfer-Encoding.")
        }
        guard hostCount == 1 || (hostCount == 0 && !isVersion11) else {
            throw .malformed("It has no Host header, or several.")
        }
        if let authority = target.authority { facts.host = authority }
        facts.contentLength = contentLength
        return RequestHead(
            method: method, isVersion11: isVersion11, target: target, facts: facts,
            framing: isChunked ? .chunked : .length(contentLength ?? 0),
            keepsAlive: !closes && (isVersion11 || keepsOldAlive), byteCount: byteCount)
    }
}
