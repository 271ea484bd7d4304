// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import WireTypes

/// What was recorded.
extension SlipwayClient {
    /// - Parameter view: `active`, `deleted` or `all`.
    package func experiments(in project: ProjectName, filter: String?, view: String) async throws -> [ExperimentV1] {
        try await value(
            [ExperimentV1].self,
            of: Call(
                path: "/v1/experiments",
                query: given([
                    ("project", project.rawValue), ("filter", filter), ("view", view),
                ])))
    }

    /// A search for runs.
    package struct RunQuery: Sendable {
        package var project = ProjectName.standard
        /// By name or number; `nil` for all.
        package var experiment: String?
        package var filter: String?
        package var order: String?
        /// `active`, `deleted` or `all`.
        package var view = "active"
        package var offset = 0
        package var limit = 100

        package init() {}
    }

    package func runs(_ query: RunQuery) async throws -> RunsV1 {
        try await value(
            RunsV1.self,
            of: Call(
                path: "/v1/runs",
                query: given([
                    ("project", query.project.rawValue), ("experiment", query.experiment), ("filter", query.filter),
                    ("order", query.order), ("view", query.view), ("offset", String(query.offset)),
                    ("limit", String(query.limit)),
                ])))
    }

    package func run(_ id: String, in project: ProjectName) async throws -> RunV1 {
        try await value(
            RunV1.self, of: Call(path: "/v1/runs/\(id)", query: [("project", project.rawValue)]))
    }

    private func given(_ values: [(name: String, value: String?)]) -> [(name: String, value: String)] {
        values.compactMap { name, value in value.map { (name, $0) } }
    }
}
