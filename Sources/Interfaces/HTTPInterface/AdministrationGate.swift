// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import InferenceProtocol
internal import InferenceServing
internal import ModelDomain

/// Who may ask for a route, and where the request says what it is about.
enum RouteAccess: Sendable {
    /// Nobody is asked for a token here: the platform of a container has let through whoever asks, or the route itself
    /// decides.
    case open
    case token(needs: Permission, of: Subject)

    /// What a request is about, as far as it matters for tokens that are confined to some of it.
    enum Subject: Sendable {
        /// Nothing of any project; or the route shows what the token may see, and nothing else.
        case common
        /// All projects.
        case platform
        /// The models of the project that the query names.
        case queriedProject
        /// The models of the project that the body names.
        case bodysProject
        /// The endpoint of the path.
        case endpoint
        /// The endpoint of the path, and the project that the body names for it.
        case endpointInBodysProject

        fileprivate var isInBody: Bool {
            switch self {
            case .bodysProject, .endpointInBodysProject: true
            case .common, .platform, .queriedProject, .endpoint: false
            }
        }
    }
}

/// Lets requests to the routes of administration: the one place where that is decided, before a route sees anything.
struct AdministrationGate: Sendable {
    let authority: TokenAuthority
    let inference: InferenceService

    /// - Returns: The request for the route, with its body still in it.
    /// - Throws: `ACC-001`, `ACC-002`.
    func admit(
        _ request: Request, to access: RouteAccess, _ context: AdministrationContext
    ) async throws -> Request {
        guard case .token(let permission, let subject) = access else {
            context.requester.name = "container"
            return request
        }
        // Before a body is read: nobody else has us keep one.
        let principal = try identify(request, permission, context)
        guard subject.isInBody else {
            try judge(principal, permission, subject, request, context)
            return request
        }
        let body = try await request.body.collect(upTo: Request.administrationBodyLimit)
        var request = request
        request.body = RequestBody(buffer: body)
        let named = try JSONDecoder().decode(NamedProject.self, from: Data(body.readableBytesView))
        try judge(principal, permission, subject, project: named.project, context)
        return request
    }

    // None of these is inlined into an `async` function: see `AdministrationContext.name(_:as:)`.

    @inline(never)
    private func identify(
        _ request: Request, _ permission: Permission, _ context: AdministrationContext
    ) throws -> Principal {
        let token = presentedToken(inHeader: request.headers[.authorization])
        let principal = try authority.authorize(token, needs: permission, of: .common)
        context.requester.take(principal)
        return principal
    }

    @inline(never)
    private func judge(
        _ principal: Principal, _ permission: Permission, _ subject: RouteAccess.Subject, _ request: Request,
        _ context: AdministrationContext
    ) throws {
        switch subject {
        case .common, .bodysProject, .endpointInBodysProject: return
        case .platform: try principal.require(permission, of: .platform)
        case .queriedProject:
            let project = try request.project()
            try principal.require(permission, of: .project(project))
        case .endpoint: try principal.require(permission, of: inference.table.resource(of: context.endpoint))
        }
    }

    /// What is judged is what the route goes on with: ``AdministrationContext/project``.
    @inline(never)
    private func judge(
        _ principal: Principal, _ permission: Permission, _ subject: RouteAccess.Subject, project named: String?,
        _ context: AdministrationContext
    ) throws {
        let project = try projectName(named)
        context.requester.take(project)
        guard case .endpointInBodysProject = subject else {
            return try principal.require(permission, of: .project(project))
        }
        try principal.require(permission, of: .endpoint(context.endpoint, in: project))
        // The name may be taken by another project.
        guard let name = context.endpoint, inference.table.endpoints[name] != nil else { return }
        try principal.require(permission, of: inference.table.resource(of: name))
    }
}

/// The member that every body has which names a project.
private struct NamedProject: Decodable { let project: String? }

extension AdministrationContext {
    fileprivate var endpoint: String? { parameters.get("endpoint") }
}
