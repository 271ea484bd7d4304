// SPDX-License-Identifier: Apache-2.0

/// Reads the heads of requests (RFC 9112), one connection's one after another.
///
/// Strict where others are lenient: a line ends with CR LF and nothing else, a header is one line, its name ends at the
/// colon, the length of a body is said once and in one way. What one reader of a message takes for its end and another
/// does not is what smuggled requests are made of, so that is never guessed.
package struct HeadReader {
    /// The most bytes of a head, and of its lines and target.
    static let maxByteCount = 32_768
    static let maxHeaderCount = 128
    static let maxTargetByteCount = 8192

    /// How many bytes were looked at in vain, so that a head that comes byte by byte is read once and not n times.
    private var searchedCount = 0
    private var knownTarget: (bytes: [UInt8], target: RequestTarget)?

    private let container: ContainerRoutes?

    /// - Parameter container: The paths that a container's platform has chosen.
    package init(container: ContainerRoutes? = nil) { self.container = container }

    /// Reads the head at the front of `bytes`.
    ///
    /// - Returns: `nil` when it has not ended yet; then the same bytes come again, with more behind them.
    package mutating func read(_ bytes: Span<UInt8>) throws(RequestFault) -> RequestHead? {
        guard searchedCount == 0 || hasEmptyLine(bytes, from: searchedCount - 3) else {
            return try wait(bytes.count)
        }
        var position = 0
        guard let method = try readMethod(bytes, &position), let target = try readTarget(bytes, &position),
            let isVersion11 = try readVersion(bytes, &position)
        else { return try wait(bytes.count) }
        var headers = HeaderReader(isVersion11: isVersion11, query: target.query)
        guard try headers.read(bytes, &position) else { return try wait(bytes.count) }
        guard position <= Self.maxByteCount else { throw .headTooLarge }
        searchedCount = 0
        return try headers.head(method: method, target: target, byteCount: position)
    }

    private mutating func wait(_ count: Int) throws(RequestFault) -> RequestHead? {
        guard count <= Self.maxByteCount else { throw .headTooLarge }
        searchedCount = count
        return nil
    }

    private func hasEmptyLine(_ bytes: Span<UInt8>, from start: Int) -> Bool {
        var position = max(start, 0)
        while position &+ 3 < bytes.count {
            if bytes[position] == 0x0D, bytes[position &+ 1] == 0x0A, bytes[position &+ 2] == 0x0D,
                bytes[position &+ 3] == 0x0A
            {
                return true
            }
            position &+= 1
        }
        return false
    }

    private func readMethod(_ bytes: Span<UInt8>, _ position: inout Int) throws(RequestFault) -> RequestHead.Method? {
        while position < bytes.count, ByteClass.isToken(bytes[position]) { position &+= 1 }
        guard position <= 32 else { throw .malformed("The method is longer than any that there is.") }
        guard position < bytes.count else { return nil }
        guard bytes[position] == 0x20, position > 0 else {
            throw .malformed("It does not begin with a method and a space.")
        }
        let range = 0..<position
        position &+= 1
        // Methods are told apart by case.
        switch text(bytes, range) {
        case "POST": return .post
        case "GET": return .get
        case "HEAD": return .head
        case let name: return .other(name)
        }
    }

    private mutating func readTarget(
        _ bytes: Span<UInt8>, _ position: inout Int
    ) throws(RequestFault) -> RequestTarget? {
        let start = position
        while position < bytes.count, ByteClass.isTarget(bytes[position]) { position &+= 1 }
        guard position &- start <= Self.maxTargetByteCount else { throw .targetTooLong }
        guard position < bytes.count else { return nil }
        guard bytes[position] == 0x20, position > start else {
            throw .malformed("The target is not followed by a space, or has bytes that must be escaped.")
        }
        defer { position &+= 1 }
        if let knownTarget, isEqual(bytes, start..<position, knownTarget.bytes) { return knownTarget.target }
        let target = RequestTarget(text(bytes, start..<position), container: container)
        if target.route != nil, position &- start <= 512 {
            knownTarget = ((start..<position).map { bytes[$0] }, target)
        }
        return target
    }

    private func isEqual(_ bytes: Span<UInt8>, _ range: Range<Int>, _ known: [UInt8]) -> Bool {
        guard range.count == known.count else { return false }
        for index in 0..<known.count where bytes[range.lowerBound &+ index] != known[index] { return false }
        return true
    }

    /// - Returns: Whether it is HTTP/1.1, as against 1.0.
    private func readVersion(_ bytes: Span<UInt8>, _ position: inout Int) throws(RequestFault) -> Bool? {
        let name: StaticString = "HTTP/"
        for index in 0..<10 {
            guard position &+ index < bytes.count else { return nil }
            let byte = bytes[position &+ index]
            let fits =
                switch index {
                case 0..<5: unsafe byte == name.utf8Start[index]
                case 5, 7: byte >= 0x30 && byte <= 0x39
                case 6: byte == 0x2E
                case 8: byte == 0x0D
                default: byte == 0x0A
                }
            guard fits else { throw .malformed("The request line does not end with HTTP/1.1 and CR LF.") }
        }
        let (major, minor) = (bytes[position &+ 5], bytes[position &+ 7])
        guard major == 0x31, minor == 0x30 || minor == 0x31 else { throw .versionUnsupported }
        position &+= 10
        return minor == 0x31
    }
}
