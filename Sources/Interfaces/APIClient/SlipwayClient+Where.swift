// SPDX-License-Identifier: Apache-2.0
internal import NIOCore
package import WireTypes

extension SlipwayClient {
    /// What contains something, of what answers, or with `all` of what is registered.
    ///
    /// - Parameters:
    ///   - digest: Of a file; hexadecimal digits.
    ///   - library: `numpy<1.26.5`.
    ///   - dataset: A name, `NAME@VERSION` or a digest.
    package func find(digest: String?, library: String?, dataset: String?, all: Bool) async throws -> WhereV1 {
        let options = [("digest", digest), ("library", library), ("dataset", dataset), ("all", all ? "true" : nil)]
        return try await value(
            WhereV1.self,
            of: Call(
                path: "/v1/where",
                query: options.compactMap { name, value in value.map { (name: name, value: $0) } },
                patience: .minutes(30)))
    }
}
