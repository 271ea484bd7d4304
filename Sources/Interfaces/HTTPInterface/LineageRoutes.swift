// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
internal import Hummingbird
internal import HummingbirdCore
internal import ModelDomain
internal import ModelLineage
internal import WireTypes

/// `/v1/lineage`: what things came of, and what came of them.
struct LineageRoutes: Sendable {
    let lineage: ModelLineage

    var routes: [AdministrationRoute] {
        [
            AdministrationRoute(
                .get, "/v1/lineage", needs: .view, of: .queriedProject,
                "What a version, data set, run, endpoint or commit came of, and what came of it.",
                query: [
                    ("of", "\(LineageSubject.form)."),
                    ("project", "The project of what is named; default without it."),
                    ("direction", "up, down or both; both without it."),
                    ("depth", "How many steps are followed, 1 to 50; 50 without it."),
                ], gives: LineageV1.self, use: graph)
        ]
    }

    /// `GET /v1/lineage?of=` → `LineageV1`, or the problem of what is not there. What is in projects that the token does not
    /// see is there without its name.
    @Sendable private func graph(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let principal = try context.principal()
        let subject = try LineageSubject(request.needed("of"), in: try request.project())
        let word = request.uri.queryParameters["direction"].map(String.init) ?? LineageDirection.both.rawValue
        guard let direction = LineageDirection(rawValue: word) else {
            throw Refusal(
                .outOfRange, .invalidInput, "“direction” is “\(word.prefix(40))”.", hint: "Write up, down or both.",
                details: [.init("field", "direction")])
        }
        let depth = try request.queryNumber("depth", in: 1...50, standard: 50)
        let graph = try await lineage.graph(
            of: subject, direction: direction, depth: depth, sees: { principal.sees($0) })
        return try .json(LineageV1(graph))
    }
}

extension Request {
    /// - Throws: `IN-003` when it is not there.
    fileprivate func needed(_ name: String) throws(Refusal) -> String {
        guard let text = uri.queryParameters[Substring(name)], !text.isEmpty else {
            throw Refusal(
                .missingValue, .invalidInput, "“\(name)” is missing.", hint: "Write \(LineageSubject.form).",
                details: [.init("field", name)])
        }
        return String(text)
    }
}
