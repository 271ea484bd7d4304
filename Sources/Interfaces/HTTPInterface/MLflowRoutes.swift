// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import InferenceProtocol
internal import MLflowInterface
internal import ModelDomain
internal import ModelRegistry
internal import NIOCore
internal import Synchronization
internal import Tensors

/// `/api/2.0/mlflow/…`: MLflow's tracking and registry, for its own clients; and `/ajax-api/…` the same.
///
/// From this machine they need no token, as predictions do not: nothing but the address changes in a notebook. What that
/// lets anybody here do is what a developer may.
struct MLflowRoutes: Sendable {
    /// Whoever asks from this machine without a token, as the ledger calls them.
    static let localActor = "local"
    /// A batch of parameters, or a data set's profile.
    static let bodyLimit = 24 << 20

    let api: MLflowAPI
    let gate: MLflowGate
    let projects: MLflowProjects

    var routes: [AdministrationRoute] {
        api.routes.flatMap { route in
            ["/api", "/ajax-api"].map { root in
                AdministrationRoute(
                    method(of: route), "\(root)/\(route.apiVersion)/mlflow/\(route.path)", access: .open, ""
                ) { request, context in try await answer(route, request, context) }
            }
        }
    }

    private func answer(
        _ route: MLflowAPI.Route, _ request: Request, _ context: AdministrationContext
    ) async throws -> Response {
        let caller = try gate.caller(of: request, context, needs: route.needs)
        try await projects.require(caller.project, by: caller.actor)
        let fields: MLflowFields
        if route.method == .get {
            fields = try MLflowFields(query: request.uri.query)
        } else {
            fields = try await mlflowFields(of: request)
        }
        var path: [String: String] = [:]
        for part in route.path.split(separator: "/") where part.hasPrefix(":") {
            let name = String(part.dropFirst())
            path[name] = context.parameters.get(name)
        }
        let value = try await route.answer(
            MLflowCall(
                fields: fields, path: path, project: caller.project, actor: caller.actor,
                mayDecide: caller.mayDecide))
        return .mlflow(value)
    }

    private func method(of route: MLflowAPI.Route) -> HTTPRequest.Method {
        switch route.method {
        case .get: .get
        case .post: .post
        case .patch: .patch
        case .delete: .delete
        }
    }
}

extension Response {
    /// `value` as MLflow's clients read it.
    static func mlflow(_ value: JSONValue) -> Response {
        let writer = ByteWriter()
        value.write(into: writer)
        return Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: writer.bytes)))
    }
}

/// The fields of a body.
///
/// - Throws: `IN-010` for what is not said to be JSON, `IN-001` for what is none.
func mlflowFields(of request: Request) async throws -> MLflowFields {
    let body = try await request.body.collect(upTo: MLflowRoutes.bodyLimit)
    // A page of another origin can send what is no JSON without asking first.
    guard body.readableBytes == 0 || isJSON(request.headers[.contentType]) else {
        throw Refusal(
            .unsupportedOption, .invalidInput, "Content-Type must be 'application/json'.",
            hint: "Send the body as JSON, and say so.")
    }
    return try MLflowFields(body: [UInt8](buffer: body))
}

private func isJSON(_ contentType: String?) -> Bool {
    let type = contentType?.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
    return type == "application/json"
}

/// The projects that clients of MLflow are in: a token's project comes into being with its first call, which the ledger
/// says.
final class MLflowProjects: Sendable {
    private let registry: ModelRegistry
    private let known = Mutex<Set<ProjectName>>([.standard])

    init(registry: ModelRegistry) { self.registry = registry }

    func require(_ project: ProjectName, by actor: String) async throws {
        guard known.withLock({ !$0.contains(project) }) else { return }
        _ = try await registry.createProject(project, by: actor)
        _ = known.withLock { $0.insert(project) }
    }
}

/// Lets calls of MLflow's clients in.
struct MLflowGate: Sendable {
    let authority: TokenAuthority

    struct Caller {
        /// Where they are: the project of their token.
        let project: ProjectName
        let actor: String
        let mayDecide: Bool
    }

    /// - Throws: `ACC-001` to `ACC-003`.
    // Inlined into an `async` function, its two kinds of errors crash the optimiser of Swift 6.3.1.
    @inline(never)
    func caller(
        of request: Request, _ context: AdministrationContext, needs permission: Permission
    ) throws -> Caller {
        let authorization = request.headers[.authorization]
        guard let token = presentedToken(inHeader: authorization) else {
            // Whoever shows something means to be somebody.
            guard authorization == nil else { throw AccessDenial.tokenUnknown }
            if let denial = needForToken(from: origin(of: request, context)) { throw denial }
            // A page of another origin, which a browser here shows, is not this machine's user.
            if let page = request.headers[.origin], !isOfThisMachine(page) { throw AccessDenial.hostNotLoopback }
            context.requester.name = MLflowRoutes.localActor
            return Caller(project: .standard, actor: MLflowRoutes.localActor, mayDecide: false)
        }
        let principal = try authority.authorize(token, needs: permission, of: .common)
        context.requester.take(principal)
        let project = principal.scope.project ?? .standard
        try principal.require(permission, of: .project(project))
        return Caller(
            project: project, actor: principal.name.rawValue,
            mayDecide: principal.allows(.decide, project: project))
    }

    private func isOfThisMachine(_ page: String) -> Bool {
        guard let host = page.split(separator: "/", maxSplits: 1).last?.drop(while: { $0 == "/" }) else { return false }
        return isLoopbackHost(String(host))
    }

    private func origin(of request: Request, _ context: AdministrationContext) -> RequestOrigin {
        let bound = context.channel.parent?.localAddress?.ipAddress ?? context.channel.localAddress?.ipAddress
        let isForwarded = request.headers.contains { field in
            let name = field.name.canonicalName
            return ["forwarded", "via", "x-real-ip"].contains(name) || name.hasPrefix("x-forwarded-")
        }
        return RequestOrigin(
            isBoundToLoopback: bound.map { isLoopbackAddress($0[...]) } ?? false, host: request.head.authority,
            isForwarded: isForwarded, peer: context.channel.remoteAddress?.ipAddress)
    }
}
