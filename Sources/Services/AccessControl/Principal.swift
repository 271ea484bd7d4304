// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// Who a request comes from, once its token was accepted, and what they may do.
///
/// A class, so that a request holds it by one reference.
package final class Principal: Sendable {
    package let name: PrincipalName
    /// The token that was shown.
    package let tokenID: TokenID
    package let roles: [Role]
    package let permissions: Permission
    package let scope: Scope

    package init(name: PrincipalName, tokenID: TokenID, roles: [Role], scope: Scope) {
        self.name = name
        self.tokenID = tokenID
        self.roles = roles
        permissions = roles.permissions
        self.scope = scope
    }

    convenience init(_ credential: Credential) {
        self.init(
            name: credential.principal, tokenID: credential.id, roles: credential.roles, scope: credential.scope)
    }

    /// Whether they may do something to a project's models, to an endpoint, or, where neither is named, to the platform
    /// as a whole.
    ///
    /// - Parameters:
    ///   - permission: One of several is enough.
    ///   - project: The one that the model is in, or the endpoint.
    package func allows(
        _ permission: Permission, project: ProjectName? = nil, endpoint: EndpointName? = nil
    ) -> Bool {
        let resource: Resource =
            if let endpoint {
                .endpoint(endpoint.rawValue, in: project)
            } else if let project {
                .project(project)
            } else {
                .platform
            }
        return (try? require(permission, of: resource)) != nil
    }

    /// - Parameters:
    ///   - permission: One of several is enough.
    ///   - resource: Looked at only where the token is confined.
    /// - Throws: `ACC-002` with the reason why they may not.
    package func require(
        _ permission: Permission, of resource: @autoclosure () -> Resource
    ) throws(AccessDenial) {
        guard !permissions.isDisjoint(with: permission) else {
            throw .notPermitted(principal: name, roles: roles, needs: permission)
        }
        guard !scope.isAll else { return }
        switch resource() {
        case .common: return
        case .platform: throw .spansProjects(principal: name, scope: scope)
        case .project(let project):
            guard sees(project) else { throw .otherProject(principal: name, scope: scope, asked: project) }
        case .endpoint(let endpoint, let project):
            guard let endpoint, scope.project == nil || scope.project == project,
                scope.endpoints?.contains(where: { $0.rawValue == endpoint }) ?? true
            else { throw .otherEndpoint(principal: name, scope: scope, asked: endpoint) }
        }
    }

    /// Whether lists show them an endpoint.
    package func sees(_ endpoint: EndpointName, in project: ProjectName) -> Bool {
        (scope.project == nil || scope.project == project) && scope.endpoints?.contains(endpoint) ?? true
    }

    /// Whether lists show them a project's models.
    package func sees(_ project: ProjectName) -> Bool {
        scope.endpoints == nil && (scope.project == nil || scope.project == project)
    }

    /// Whether a project that is not there comes into being when they put the first model into it: for an admin of the
    /// whole platform, and for the developers whose project it is. A typing error of anybody else makes none.
    package func mayMake(_ project: ProjectName) -> Bool {
        allows(.administer) || (scope.project == project && allows(.develop, project: project))
    }
}
