// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ModelDomain

/// Roles as people list them: `developer,approver`.
struct RoleList: ExpressibleByArgument {
    static let form = "\(Role.allCases.map(\.rawValue).joined(separator: ", "))"

    let roles: [Role]

    init?(argument: String) {
        guard let roles = try? [Role](listed: argument) else { return nil }
        self.roles = roles
    }
}
