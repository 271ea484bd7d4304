// SPDX-License-Identifier: Apache-2.0
internal import NIOHPACK

/// The head of a request, checked (RFC 9113, 8.2 and 8.3).
///
/// A class: clients send the same one again and again, which is then the same object.
package final class HTTP2RequestHead: Sendable {
    package let method: String
    package let scheme: String
    package let authority: String?
    package let path: String
    package let contentLength: Int?
    /// Without those that begin with a colon.
    package let fields: [(name: String, value: String)]

    /// - Returns: `nil` for one that no answer can be given to, which ends the stream.
    init?(_ headers: HPACKHeaders) {
        var method: String?
        var scheme: String?
        var authority: String?
        var path: String?
        var contentLength: Int?
        var host: String?
        var fields: [(name: String, value: String)] = []
        fields.reserveCapacity(headers.count)
        for (name, value, _) in headers {
            guard name.utf8.first == UInt8(ascii: ":") else {
                guard isFieldName(name), isFieldValue(value) else { return nil }
                guard !isOfConnection(name) else { return nil }
                switch name {
                case "te":
                    guard value == "trailers" else { return nil }
                case "content-length":
                    guard let length = bodyLength(value), contentLength == nil || contentLength == length else {
                        return nil
                    }
                    contentLength = length
                case "host":
                    guard host == nil else { return nil }
                    host = value
                default: break
                }
                fields.append((name, value))
                continue
            }
            guard fields.isEmpty, isFieldValue(value) else { return nil }
            switch name {
            case ":method" where method == nil: method = value
            case ":scheme" where scheme == nil: scheme = value
            case ":authority" where authority == nil: authority = value
            case ":path" where path == nil: path = value
            default: return nil
            }
        }
        guard let method, let scheme, let path, !method.isEmpty, !path.isEmpty, method != "CONNECT" else { return nil }
        // The same name in both places, or whoever reads one and whoever reads the other disagree.
        if let authority, let host, authority != host { return nil }
        self.method = method
        self.scheme = scheme
        self.authority = authority ?? host
        self.path = path
        self.contentLength = contentLength
        self.fields = fields
    }
}

/// Whether `headers` may stand behind a body.
func areTrailers(_ headers: HPACKHeaders) -> Bool {
    headers.allSatisfy { name, value, _ in isFieldName(name) && isFieldValue(value) && !isOfConnection(name) }
}

/// Whether a field is about a connection of HTTP/1.1 (RFC 9113, 8.2.2).
private func isOfConnection(_ name: String) -> Bool {
    switch name {
    case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade": true
    default: false
    }
}

private func isFieldName(_ name: String) -> Bool {
    !name.isEmpty
        && name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
                UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"),
                UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
                UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
                true
            default: false
            }
        }
}

private func isFieldValue(_ value: String) -> Bool {
    let bytes = value.utf8
    guard let first = bytes.first else { return true }
    guard first != 0x20, first != 0x09, bytes.last != 0x20, bytes.last != 0x09 else { return false }
    return bytes.allSatisfy { $0 >= 0x20 ? $0 != 0x7F : $0 == 0x09 }
}

private func bodyLength(_ text: String) -> Int? {
    guard (1...18).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(text)
}
