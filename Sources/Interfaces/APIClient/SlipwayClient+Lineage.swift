// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import WireTypes

extension SlipwayClient {
    /// What a thing came of, and what came of it.
    ///
    /// - Parameters:
    ///   - subject: `churn@3`, `dataset:NAME@3`, `run:ID`, `endpoint:NAME` or `commit:SHA`.
    ///   - direction: `up`, `down` or `both`.
    package func lineage(
        of subject: String, in project: ProjectName, direction: String, depth: Int
    ) async throws -> LineageV1 {
        try await value(
            LineageV1.self,
            of: Call(
                path: "/v1/lineage",
                query: [
                    ("of", subject), ("project", project.rawValue), ("direction", direction), ("depth", String(depth)),
                ]))
    }
}
