// SPDX-License-Identifier: Apache-2.0

/// Where a request goes. A class: a connection keeps the last one, since clients ask at the same place again and again.
package final class RequestTarget: Sendable {
    /// `nil` for what the framework answers.
    package let route: FastRoute?
    /// What stands behind the path's “?”.
    package let query: String?
    /// How much may be sent there.
    package let bodySize: BodySize
    /// The host that a target in absolute form names, which then goes before the `Host` header (RFC 9112, 3.2.2).
    package let authority: String?

    package enum BodySize: Sendable {
        case administration, tracking
        /// Contents.
        case upload
    }

    /// - Parameters:
    ///   - text: The target as it stands in the request line.
    ///   - container: The paths that a container's platform has chosen.
    package init(_ text: String, container: ContainerRoutes? = nil) {
        var rest = Substring(text)
        var authority: Substring?
        for scheme in ["http://", "https://"] where rest.utf8.count >= scheme.utf8.count {
            let (start, end) = (rest.startIndex, rest.utf8.index(rest.startIndex, offsetBy: scheme.utf8.count))
            guard rest[start..<end].lowercased() == scheme else { continue }
            let host = rest[end...].prefix { $0 != "/" && $0 != "?" }
            authority = host
            rest = rest[host.endIndex...]
            break
        }
        let end = rest.utf8.firstIndex(of: UInt8(ascii: "?")) ?? rest.endIndex
        query = end == rest.endIndex ? nil : String(rest[rest.utf8.index(after: end)...])
        route = FastRoute(path: rest[..<end], container: container)
        bodySize =
            if rest.hasPrefix("/v1/blobs/") || MLflowArtifactRoutes.isUpload(rest)
                || MLflowPartRoutes.isUpload(rest)
            {
                .upload
            } else {
                ["/api/", "/ajax-api/", "/v1/import/", "/v1/feedback"].contains { rest.hasPrefix($0) }
                    ? .tracking : .administration
            }
        self.authority = authority.map(String.init)
    }
}
