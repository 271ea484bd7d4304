// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// The namespaces that models and endpoints live in.
extension ModelRegistry {
    /// By name, the standard one always among them.
    package func projects() async throws -> [ProjectRecord] { try await store.read { try $0.projects() } }

    /// - Returns: The project, and whether it was not there before.
    package func createProject(
        _ name: ProjectName, by actor: String
    ) async throws -> (project: ProjectRecord, isNew: Bool) {
        try await change(by: actor) { transaction, log in
            let isNew = try makeProject(name, transaction, log)
            return (try transaction.knownProject(name), isNew)
        }
    }

    /// Forgets a project that nothing is in any more, tokens that are for it alone included: who finds its name free
    /// may give it to something else, for which those tokens were not meant.
    ///
    /// - Throws: `REG-014` for an unknown project; `REG-015` for one that is not empty, and for the standard one.
    package func removeProject(_ name: ProjectName, by actor: String) async throws {
        try await change(by: actor) { transaction, log in
            let project = try transaction.knownProject(name)
            guard name != .standard else { throw RegistryError.projectAlwaysThere(name) }
            guard project.isEmpty else {
                throw RegistryError.projectNotEmpty(project)
            }
            try transaction.removeProject(name)
            try log.append("project.remove", projectPath(name))
        }
    }
}

/// - Returns: Whether it was not there before.
@discardableResult
func makeProject(_ name: ProjectName, _ transaction: any RegistryWriting, _ log: LedgerWriter) throws -> Bool {
    guard try !transaction.hasProject(name) else { return false }
    try transaction.insertProject(name, at: log.time)
    try log.append("project.create", projectPath(name))
    return true
}

private func projectPath(_ name: ProjectName) -> String { "project/\(name)" }
