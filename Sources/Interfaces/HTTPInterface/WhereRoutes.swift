// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
internal import ContentSearch
internal import Hummingbird
internal import HummingbirdCore
internal import InferenceProtocol
internal import InferenceServing
internal import ModelDomain
internal import ModelExecution
internal import ModelRegistry
internal import WireTypes

/// `/v1/where`: which of what answers contains something.
struct WhereRoutes: Sendable {
    let administration: Administration

    var routes: [AdministrationRoute] {
        [
            AdministrationRoute(
                .get, "/v1/where", needs: .view, of: .common,
                "What answers now, and contains a file, a library or training data: of what the token may see.",
                query: [
                    ("digest", "A file: its SHA-256, or at least 8 digits of it."),
                    ("library", "As in numpy<1.26.5; also an engine."),
                    ("dataset", "Training data: a name, NAME@VERSION, or a digest."),
                    ("all", "true for registered versions that answer nowhere, too."),
                ], gives: WhereV1.self, use: answer)
        ]
    }

    /// `GET /v1/where?digest=&library=&dataset=&all=` → `WhereV1`, or problem `IN-003`, `IN-006`.
    @Sendable private func answer(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let principal = try context.principal()
        let question = try request.question()
        // What a table holds was read when a version came to answer: models may have been renamed since.
        let records = Dictionary(
            try await administration.registry.endpoints().map { ($0.name.rawValue, $0) },
            uniquingKeysWith: { one, _ in one })
        let live = administration.inference.table.endpoints(for: principal).flatMap { name, state in
            state.places(recorded: records[name])
        }
        let engines = administration.engines().compactMap { engine in
            engine.version.map { EngineIdentity(name: engine.name, version: $0, build: engine.build ?? "") }
        }
        let report = try await administration.contentSearch.search(question, live: live, engines: engines) { project in
            principal.sees(project)
        }
        return try .json(WhereV1(report))
    }
}

extension EndpointState {
    /// What answers here, and what is wanted here where that is something else.
    ///
    /// - Parameter recorded: As the registry has the endpoint now.
    fileprivate func places(recorded: EndpointRecord?) -> [ExaminedPlace] {
        let current = recorded?.current ?? record.current
        let wanted = ExaminedPlace(
            endpoint: record.name, model: current.model, number: current.version, state: isCold ? .cold : .wanted)
        guard let version = live?.version else { return [wanted] }
        let isWanted = version.model == record.current.model && version.number == current.version
        let model = version.model == record.current.model ? current.model : version.model
        let answering = ExaminedPlace(
            endpoint: record.name, model: model, number: version.number, state: .live)
        return isWanted ? [answering] : [answering, wanted]
    }
}

extension Request {
    fileprivate func question() throws -> ContentQuestion {
        let text = { (name: String) in self.uri.queryParameters[Substring(name)].map(String.init) }
        let digest = try text("digest").map { text throws(Refusal) in
            guard let prefix = DigestPrefix(text) else {
                throw Refusal(
                    .outOfRange, .invalidInput, "“\(text.prefix(100))” is no digest.",
                    hint: "Write a SHA-256 in hexadecimal digits, or at least the first 8 of them.",
                    details: [.init("field", "digest")])
            }
            return prefix
        }
        let all = text("all")
        guard all == nil || all == "true" || all == "false" else {
            throw Refusal(
                .outOfRange, .invalidInput, "“all” is “\(all?.prefix(40) ?? "")”.", hint: "Write true or false.",
                details: [.init("field", "all")])
        }
        return try ContentQuestion(
            digest: digest, library: text("library").map { text throws(Refusal) in try PackageRequirement(text) },
            dataset: text("dataset").map { text throws(Refusal) in try DatasetNaming(text) },
            includesRegistered: all == "true")
    }
}

extension WhereV1 {
    fileprivate init(_ report: ContentReport) {
        self.init(
            matches: report.matches.map { match in
                Match(
                    place: Place(match.place), bundle: match.bundle?.description,
                    findings: match.findings.map { finding in
                        Finding(
                            kind: finding.kind.rawValue, path: finding.path, what: finding.what, why: finding.why)
                    })
            },
            notExamined: report.gaps.map { Gap(place: Place($0.place), reason: $0.reason) },
            examined: report.examined)
    }
}

extension WhereV1.Place {
    fileprivate init(_ place: ExaminedPlace) {
        self.init(
            endpoint: place.endpoint?.rawValue, project: place.model.project.rawValue,
            model: place.model.name.rawValue, version: place.number, state: place.state.rawValue)
    }
}
