// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import ModelDomain

/// One call of administration: where it is, who may, what it takes and gives, and what answers.
struct AdministrationRoute: Sendable {
    typealias Answer = @Sendable (Request, AdministrationContext) async throws -> Response

    let method: HTTPRequest.Method
    /// With parameters, as the framework writes them: `/v1/registry/models/:model`.
    let path: String
    let access: RouteAccess
    /// What it does, in a sentence.
    let summary: String
    let query: [(name: String, meaning: String)]
    let takes: (any (Decodable & Sendable).Type)?
    let gives: (any (Decodable & Sendable).Type)?
    /// The status when it is done.
    let status: Int
    let answer: Answer

    /// - Parameters:
    ///   - permission: What a token has to have: one of several is enough.
    ///   - subject: Where the request says what it is about. Tokens are confined by it.
    ///   - takes: What the body is as JSON; `nil` for none, or for plain bytes.
    ///   - gives: What the answer is as JSON.
    init(
        _ method: HTTPRequest.Method, _ path: String, needs permission: Permission, of subject: RouteAccess.Subject,
        _ summary: String, query: [(name: String, meaning: String)] = [],
        takes: (any (Decodable & Sendable).Type)? = nil,
        gives: (any (Decodable & Sendable).Type)? = nil, status: Int = 200, use answer: @escaping Answer
    ) {
        self.init(
            method, path, access: .token(needs: permission, of: subject), summary, query: query, takes: takes,
            gives: gives, status: status, use: answer)
    }

    init(
        _ method: HTTPRequest.Method, _ path: String, access: RouteAccess, _ summary: String,
        query: [(name: String, meaning: String)] = [], takes: (any (Decodable & Sendable).Type)? = nil,
        gives: (any (Decodable & Sendable).Type)? = nil, status: Int = 200, use answer: @escaping Answer
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.summary = summary
        self.query = query
        self.takes = takes
        self.gives = gives
        self.status = status
        self.answer = answer
    }

    /// Whether a request's path is this route's, whatever its method.
    func matches(_ requestPath: String) -> Bool {
        let asked = requestPath.split(separator: "/")
        let own = path.split(separator: "/")
        return asked.count == own.count && zip(own, asked).allSatisfy { $0.hasPrefix(":") || $0 == $1 }
    }
}

extension Router<AdministrationContext> {
    /// A router that lets through whoever may.
    convenience init(
        _ routes: [AdministrationRoute], behind gate: AdministrationGate, explaining errors: ExplainErrors
    ) {
        self.init(context: AdministrationContext.self)
        add(middleware: errors)
        for route in routes {
            on(RouterPath(route.path), method: route.method) { request, context in
                try await route.answer(try await gate.admit(request, to: route.access, context), context)
            }
        }
    }
}
