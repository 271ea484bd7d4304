// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import ModelDomain
internal import ModelMonitoring
internal import WireTypes

/// `/v1/alerts`: what needs a person, who is told of it, and who is not for a while.
struct AlertRoutes: Sendable {
    let alerts: Alerts

    var routes: [AdministrationRoute] {
        [
            AdministrationRoute(
                .get, "/v1/alerts", needs: .view, of: .common,
                "The alerts that are open, the worst first: those that the token may see.",
                query: [
                    ("all", "true for those that are over as well, the newest first"),
                    ("endpoint", "only of this endpoint"),
                ],
                gives: [AlertV1].self, use: list),
            AdministrationRoute(
                .get, "/v1/alerts/silences", needs: .view, of: .platform, "The silences that hold.",
                query: [("all", "true for those that have ended as well")], gives: [AlertSilenceV1].self, use: silences),
            AdministrationRoute(
                .post, "/v1/alerts/silences", needs: .administer, of: .platform,
                "Have nobody told of some alerts for a while.", takes: CreateAlertSilenceV1.self,
                gives: AlertSilenceV1.self, status: 201, use: silence),
            AdministrationRoute(
                .delete, "/v1/alerts/silences/:silence", needs: .administer, of: .platform,
                "End a silence before its time.", status: 204, use: unsilence),
            AdministrationRoute(
                .get, "/v1/alerts/destinations", needs: .administer, of: .platform,
                "Where alerts go, and what came of it.", gives: [AlertDestinationV1].self, use: destinations),
            AdministrationRoute(
                .post, "/v1/alerts/destinations", needs: .administer, of: .platform, "Have alerts go somewhere.",
                takes: CreateAlertDestinationV1.self, gives: AlertDestinationV1.self, status: 201, use: add),
            AdministrationRoute(
                .delete, "/v1/alerts/destinations/:destination", needs: .administer, of: .platform,
                "Have alerts go there no more.", status: 204, use: remove),
            AdministrationRoute(
                .post, "/v1/alerts/tests", needs: .administer, of: .platform,
                "Tell destinations that nothing has happened, and what came of it.", takes: TestAlertV1.self,
                gives: [TestedDestinationV1].self, use: test),
            AdministrationRoute(
                .get, "/v1/alerts/:alert", needs: .view, of: .common, "An alert with its evidence.",
                gives: AlertV1.self, use: show),
        ]
    }

    /// `GET /v1/alerts` → `[AlertV1]`.
    @Sendable private func list(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let principal = try context.principal()
        let endpoint = request.uri.queryParameters["endpoint"].map(String.init)
        let found = try await alerts.list(all: request.asksForAll).filter { seen in
            principal.sees(seen.alert) && (endpoint == nil || seen.alert.endpoint?.rawValue == endpoint)
        }
        return try .json(found.map(AlertV1.init))
    }

    /// `GET /v1/alerts/{alert}` → `AlertV1`, or problem `ALR-001`: also for one that the token may not see.
    @Sendable private func show(_: Request, _ context: AdministrationContext) async throws -> Response {
        let number = try number("alert", context)
        let seen = try await alerts.alert(number)
        guard try context.principal().sees(seen.alert) else { throw unknownNumber(String(number)) }
        return try .json(AlertV1(seen))
    }

    /// `GET /v1/alerts/silences` → `[AlertSilenceV1]`.
    @Sendable private func silences(_ request: Request, _: AdministrationContext) async throws -> Response {
        try .json(try await alerts.silences(all: request.asksForAll).map(AlertSilenceV1.init))
    }

    /// `POST /v1/alerts/silences`, `CreateAlertSilenceV1` → `AlertSilenceV1`; problem `IN-003` or `IN-006`.
    @Sendable private func silence(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let (pattern, length, reason) = try silenceOrder(try await request.decoded(as: CreateAlertSilenceV1.self))
        let silence = try await alerts.silence(pattern, for: length, because: reason, by: context.actor)
        return try .json(AlertSilenceV1(silence), status: .created)
    }

    /// `DELETE /v1/alerts/silences/{silence}` → nothing, or problem `ALR-001`.
    @Sendable private func unsilence(_: Request, _ context: AdministrationContext) async throws -> Response {
        try await alerts.unsilence(number("silence", context), by: context.actor)
        return Response(status: .noContent)
    }

    /// `GET /v1/alerts/destinations` → `[AlertDestinationV1]`.
    @Sendable private func destinations(_: Request, _: AdministrationContext) async throws -> Response {
        try .json(try await alerts.destinations().map(AlertDestinationV1.init))
    }

    /// `POST /v1/alerts/destinations`, `CreateAlertDestinationV1` → `AlertDestinationV1`; problem `ALR-002`, `ALR-003` or
    /// `IN-006`.
    @Sendable private func add(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let body = try await request.decoded(as: CreateAlertDestinationV1.self)
        let destination = try destinationOrder(body, by: context.actor, at: alerts.time)
        try await alerts.add(destination)
        return try .json(AlertDestinationV1(destination), status: .created)
    }

    /// `DELETE /v1/alerts/destinations/{destination}` → nothing, or problem `ALR-001`.
    @Sendable private func remove(_: Request, _ context: AdministrationContext) async throws -> Response {
        try await alerts.remove(context.name("destination", as: DestinationName.self), by: context.actor)
        return Response(status: .noContent)
    }

    /// `POST /v1/alerts/tests`, `TestAlertV1` or nothing → `[TestedDestinationV1]`, or problem `ALR-001`.
    @Sendable private func test(_ request: Request, _: AdministrationContext) async throws -> Response {
        let name = try chosen(try await request.decodedIfPresent(as: TestAlertV1.self))
        return try .json(
            try await alerts.test(name).map {
                TestedDestinationV1(destination: $0.name.rawValue, problem: $0.failure?.reason)
            })
    }
}

extension Request {
    fileprivate var asksForAll: Bool { uri.queryParameters["all"].map { $0 == "true" || $0 == "1" } ?? false }
}

extension Principal {
    /// What is about a machine is shown to those who see everything.
    func sees(_ alert: Alert) -> Bool {
        guard let endpoint = alert.endpoint, let project = alert.project else { return scope.isAll }
        return sees(endpoint, in: project)
    }
}

// None of these is inlined into an `async` function: see `AdministrationContext.name(_:as:)`.

@inline(never)
private func number(_ parameter: String, _ context: AdministrationContext) throws -> Int {
    let text = try context.parameters.require(parameter)
    guard let number = Int(text), number > 0 else { throw unknownNumber(text) }
    return number
}

private func unknownNumber(_ text: String) -> Refusal {
    Refusal(
        .alertUnknown, .notFound, "There is no alert or silence \(text.prefix(40)).",
        hint: "`slipway alert list --all` and `slipway alert silences` show their numbers.")
}

@inline(never)
private func silenceOrder(
    _ body: CreateAlertSilenceV1
) throws -> (pattern: AlertPattern, length: Lifetime, reason: String) {
    guard let length = Lifetime(body.lasting) else {
        throw Refusal(
            .outOfRange, .invalidInput, "“lasting” is “\(body.lasting.prefix(40))”.",
            hint: "Write it as \(Lifetime.form).",
            details: [.init("field", "lasting")])
    }
    return (try AlertPattern(body.pattern), length, body.reason)
}

@inline(never)
private func destinationOrder(
    _ body: CreateAlertDestinationV1, by actor: String, at time: Timestamp
) throws -> AlertDestination {
    guard let kind = AlertDestination.Kind(rawValue: body.kind) else {
        throw Refusal(
            .outOfRange, .invalidInput, "“kind” is “\(body.kind.prefix(40))”.",
            hint: "Kinds are \(AlertDestination.Kind.allCases.map(\.rawValue).joined(separator: ", ")).",
            details: [.init("field", "kind")])
    }
    let isMail = kind == .mail
    guard isMail || (body.from == nil && body.to == nil && body.user == nil) else {
        throw Refusal(
            .unsupportedOption, .invalidInput, "“from”, “to” and “user” are of mail, and not of a \(kind.rawValue).",
            hint: "Leave them out.", details: [.init("field", "from")])
    }
    return AlertDestination(
        name: try DestinationName(body.name), kind: kind, address: try DestinationAddress(body.address),
        secret: try body.secret.map { try SecretReference($0) },
        mail: isMail ? try MailHeads(from: body.from ?? "", to: body.to ?? [], user: body.user) : nil, createdAt: time,
        createdBy: actor)
}

@inline(never)
private func chosen(_ body: TestAlertV1?) throws -> DestinationName? {
    try body?.destination.map { try DestinationName($0) }
}
