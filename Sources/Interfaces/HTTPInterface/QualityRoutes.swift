// SPDX-License-Identifier: Apache-2.0
internal import GroundTruth
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import InferenceServing
internal import ModelDomain
internal import Statistics
internal import Tensors

/// How good an endpoint's answers were, once the truth is known, beside what was to be expected.
struct QualityRoutes: Sendable {
    let labels: Labels
    let inference: InferenceService

    var routes: [AdministrationRoute] {
        [
            AdministrationRoute(
                .get, "/v1/endpoints/:endpoint/quality", needs: .view, of: .endpoint,
                "Quality for the time of the predictions, per version, with intervals, coverage and an estimate.",
                query: [
                    ("version", "The number of the model's version; all without it."),
                    ("since", "Of predictions from then on, as RFC 3339; of the last 30 days without it."),
                    ("by", "hour, day or all; all without it."),
                ], use: show)
        ]
    }

    /// `GET /v1/endpoints/{endpoint}/quality`, or problem `REG-003`.
    @Sendable private func show(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let name = try context.name("endpoint", as: EndpointName.self)
        let state = try inference.table.endpoint(name.rawValue)
        let word = request.uri.queryParameters["by"].map(String.init) ?? "all"
        guard let by = QualityQuestion.Period(rawValue: word) else {
            throw Refusal(
                .outOfRange, .invalidInput, "“by” is “\(word.prefix(40))”.", hint: "It takes hour, day or all.",
                details: [.init("field", "by")])
        }
        let version = try request.queryNumber("version", in: 0...Int(Int32.max), standard: 0)
        let since = try request.time(queried: "since") ?? labels.monthAgo
        let report = try await labels.quality(
            QualityQuestion(
                LabelledEndpoint(name, in: state.record.project), version: version == 0 ? nil : version, since: since,
                by: by))
        return .json(report.json)
    }
}

extension QualityReport {
    fileprivate var json: JSONValue {
        .record([
            ("endpoint", .string(question.endpoint.endpoint.rawValue)),
            ("project", .string(question.endpoint.project.rawValue)), ("since", .string(question.since.text)),
            ("by", .string(question.by.rawValue)), ("maturitySeconds", .double(Double(maturity) / 1e6)),
            ("maturityLearned", .bool(isMaturityLearned)), ("waiting", count(waiting)),
            ("repeated", count(counts.repeated)), ("corrected", count(counts.corrected)), ("late", count(counts.late)),
            ("expired", count(counts.expired)), ("unfit", count(counts.unfit)),
            ("cut", isCut ? .bool(true) : nil), ("groups", .array(groups.map(\.json))),
        ])
    }
}

extension QualityGroup {
    fileprivate var json: JSONValue {
        let share = coverage
        return .record([
            ("version", count(version)), ("from", .string(from.text)), ("to", .string(to.text)),
            ("predictions", count(predictions)), ("mature", count(mature)), ("labelled", count(labelled)),
            ("labelledMature", count(labelledMature)),
            (
                "coverage",
                share.map { .record([("value", .double($0.rate)), ("interval", $0.wilson()?.json)]) }
            ),
            ("early", isEarly ? .bool(true) : nil), ("kind", quality.map { .string($0.kind.rawValue) }),
            ("rows", quality.map { count($0.rows) }), ("metrics", quality.map(\.metrics.json)),
            ("classes", quality?.confusion == nil ? nil : quality.map { .array($0.classes.map(JSONValue.string)) }),
            ("confusion", quality?.confusion?.json), ("estimate", estimate?.json),
        ])
    }
}

extension QualityEstimate {
    fileprivate var json: JSONValue {
        .record([
            ("metrics", metrics.json), ("rows", count(rows)),
            ("probabilities", .string(calibratedOn > 0 ? "calibrated" : "raw")),
            ("calibratedOn", count(calibratedOn)), ("valid", isValid.map(JSONValue.bool) ?? .null),
            ("because", .string(because)),
        ])
    }
}

extension [QualityMetric] {
    fileprivate var json: JSONValue {
        .object(
            map { metric in
                (
                    metric.name,
                    .record([("value", .double(metric.value)), ("interval", metric.interval?.json)])
                )
            })
    }
}

extension ConfusionMatrix {
    /// Rows of each true class, by the decided one.
    fileprivate var json: JSONValue {
        .array(counts.map { .array($0.map { .integer(Int64($0)) }) })
    }
}

extension ConfidenceInterval {
    fileprivate var json: JSONValue { .array([.double(lower), .double(upper)]) }
}

private func count(_ number: Int) -> JSONValue { .integer(Int64(number)) }
