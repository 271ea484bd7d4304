// SPDX-License-Identifier: Apache-2.0
internal import Hummingbird
internal import HummingbirdCore
internal import ModelDomain
internal import SubjectErasure
internal import WireTypes

/// `/v1/erasures`: somebody is not to be kept any more.
struct ErasureRoutes: Sendable {
    let erasure: SubjectErasure

    var routes: [AdministrationRoute] {
        [
            AdministrationRoute(
                .post, "/v1/erasures", needs: .administer, of: .bodysProject,
                "Destroy the key of a subject, and say where else it is, and what was trained on it.",
                takes: EraseSubjectV1.self, gives: ErasureV1.self, use: erase)
        ]
    }

    /// `POST /v1/erasures` `{"subject", "project", "dryRun"}` → `ErasureV1`, or problem `IN-006`.
    @Sendable private func erase(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        let order = try await request.decoded(as: EraseSubjectV1.self)
        let report = try await erasure.erase(
            order.subject, in: context.project, isDryRun: order.dryRun ?? false, by: context.actor)
        return try .json(ErasureV1(report))
    }
}

extension ErasureV1 {
    fileprivate init(_ report: ErasureReport) {
        self.init(
            applied: !report.isDryRun, reference: report.reference,
            predictions: report.predictions.map {
                Predictions(
                    endpoint: $0.endpoint.rawValue, predictions: $0.count, rows: $0.rowCount, first: $0.first.text,
                    last: $0.last.text)
            }, labels: report.labelCount, waitingLabels: report.waitingLabelCount, alerts: report.alerts,
            findings: report.findings.map { Finding(kind: $0.kind.rawValue, name: $0.name, path: $0.path) },
            models: report.models.map { Model(name: $0.name, dataset: $0.dataset, endpoint: $0.endpoint) },
            gaps: report.gaps)
    }
}
