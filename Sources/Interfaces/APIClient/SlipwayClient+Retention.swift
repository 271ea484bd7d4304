// SPDX-License-Identifier: Apache-2.0
internal import AsyncHTTPClient
package import ModelDomain
internal import NIOCore
internal import NIOHTTP1
package import WireTypes

/// What nothing needs any more.
extension SlipwayClient {
    /// What ``sweep()`` would do.
    package func sweepPlan() async throws -> SweepV1 {
        try await value(SweepV1.self, of: Call(path: "/v1/retention", patience: .hours(4)))
    }

    package func sweep() async throws -> SweepV1 {
        try await value(SweepV1.self, of: Call(method: .POST, path: "/v1/retention/sweeps", patience: .hours(4)))
    }

    /// Newest first.
    package func trash() async throws -> [TrashedContentV1] {
        try await value([TrashedContentV1].self, of: Call(path: "/v1/retention/trash"))
    }

    package func emptyTrash() async throws -> SweepV1 {
        try await value(SweepV1.self, of: Call(method: .DELETE, path: "/v1/retention/trash", patience: .hours(4)))
    }

    package func bringBack(_ digest: Digest) async throws {
        _ = try await answer(to: Call(method: .POST, path: "/v1/retention/trash/\(digest)/return"))
    }

    /// Forgets somebody.
    package func erase(_ subject: String, in project: ProjectName, isDryRun: Bool) async throws -> ErasureV1 {
        try await value(
            ErasureV1.self,
            of: Call(path: "/v1/erasures").posting(
                EraseSubjectV1(subject: subject, project: project.rawValue, dryRun: isDryRun), patience: .hours(4)))
    }
}
