// SPDX-License-Identifier: Apache-2.0

/// What the decision about a prediction without a token looks at.
package struct RequestOrigin: Sendable, Hashable {
    /// Whether the server listens on a loopback address, and nothing else.
    package let isBoundToLoopback: Bool
    /// The `Host` header, with or without a port.
    package let host: String?
    /// Whether a header says that somebody passed the request on: `Forwarded`, `Via`, `X-Real-IP`, any `X-Forwarded-…`.
    package let isForwarded: Bool
    /// The address at the other end of the connection, without a port.
    package let peer: String?

    package init(isBoundToLoopback: Bool, host: String?, isForwarded: Bool, peer: String?) {
        self.isBoundToLoopback = isBoundToLoopback
        self.host = host
        self.isForwarded = isForwarded
        self.peer = peer
    }
}

/// Why a prediction from `origin` needs a token, or `nil` when it is open: from this machine, to this machine, by name.
///
/// The `Host` header must name this machine, because a page from elsewhere can point a name of its own at 127.0.0.1 and
/// have a browser ask (DNS rebinding).
package func needForToken(from origin: RequestOrigin) -> AccessDenial? {
    guard origin.isBoundToLoopback, !origin.isForwarded, let peer = origin.peer, isLoopbackAddress(peer[...]) else {
        return .tokenMissing
    }
    guard let host = origin.host, isLoopbackHost(host) else { return .hostNotLoopback }
    return nil
}

/// `127.x.x.x`, `::1`, or the former written as IPv6.
package func isLoopbackAddress(_ address: Substring) -> Bool {
    let mapped = "::ffff:"
    if address.lowercased().hasPrefix(mapped) { return isLoopbackIPv4(address.dropFirst(mapped.count)) }
    return address == "::1" || isLoopbackIPv4(address)
}

/// `localhost`, a name below it, or a loopback address, with any port or none.
package func isLoopbackHost(_ host: String) -> Bool {
    guard host.utf8.count <= 260 else { return false }
    if host.hasPrefix("[") {
        guard let end = host.firstIndex(of: "]"), isPortOrNothing(host[host.index(after: end)...]) else { return false }
        return host[host.index(after: host.startIndex)..<end] == "::1"
    }
    let name = host.prefix { $0 != ":" }
    guard isPortOrNothing(host[name.endIndex...]) else { return false }
    let lowercase = name.lowercased()
    return lowercase == "localhost" || isLoopbackIPv4(name) || isBelowLocalhost(lowercase)
}

private func isBelowLocalhost(_ name: String) -> Bool {
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    return labels.count > 1 && labels.last == "localhost"
        && labels.allSatisfy { label in
            !label.isEmpty
                && label.utf8.allSatisfy {
                    (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x5F
                }
        }
}

private func isPortOrNothing(_ text: Substring) -> Bool {
    guard let colon = text.first else { return true }
    let digits = text.dropFirst()
    return colon == ":" && digits.utf8.count <= 5 && digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
}

private func isLoopbackIPv4(_ address: Substring) -> Bool {
    let parts = address.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127"
        && parts.allSatisfy { part in
            (1...3).contains(part.utf8.count) && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
                && UInt8(part) != nil
        }
}
