// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// What a token is confined to.
package struct Scope: Sendable, Hashable {
    package static let all = Scope()

    /// `nil` for every project.
    package let project: ProjectName?
    /// By name, at least one; `nil` for everything in the project, models among it.
    package let endpoints: [EndpointName]?

    /// - Parameter endpoints: None is the same as `nil`.
    package init(project: ProjectName? = nil, endpoints: [EndpointName]? = nil) {
        self.project = project
        self.endpoints = endpoints.flatMap { $0.isEmpty ? nil : Set($0).sorted() }
    }

    package var isAll: Bool { project == nil && endpoints == nil }

    /// Whether a token of `other` could do nothing that one of this scope could not.
    package func contains(_ other: Scope) -> Bool {
        guard project == nil || project == other.project else { return false }
        guard let endpoints else { return true }
        return other.endpoints.map { $0.allSatisfy(endpoints.contains) } ?? false
    }

    /// `the project “growth”`, `the endpoints a, b of the project “growth”`: what an error says that it is for.
    var words: String {
        let names = endpoints.map { endpoints in
            endpoints.count == 1
                ? "the endpoint “\(endpoints[0])”"
                : "the endpoints \(endpoints.map { "“\($0)”" }.joined(separator: ", "))"
        }
        switch (names, project) {
        case (let names?, let project?): return "\(names) of the project “\(project)”"
        case (let names?, nil): return names
        case (nil, let project?): return "the project “\(project)”"
        case (nil, nil): return "everything"
        }
    }
}

/// What a request is about, as far as it matters for who may.
package enum Resource: Sendable, Hashable {
    /// What tells nothing of any project (health, contents by digest), or is cut to what the token may see.
    case common
    /// What spans all projects: the ledger, the log, projects themselves.
    case platform
    /// Models of a project, and what belongs to them.
    case project(ProjectName)
    /// An endpoint by name, and the project that it is or would be in.
    ///
    /// - Parameters:
    ///   - name: `nil` where the request names none.
    ///   - project: `nil` where there is no such endpoint.
    case endpoint(_ name: String?, in: ProjectName?)
}
