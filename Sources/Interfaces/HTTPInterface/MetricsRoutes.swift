// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
internal import ContentCoding
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import InferenceProtocol
internal import InferenceServing
internal import ModelDomain
internal import NIOCore
internal import RequestTracing

/// `/metrics`: what monitoring systems collect.
///
/// Through the framework and off the event loops: with a thousand endpoints the text is long.
struct MetricsRoutes: Sendable {
    let administration: Administration
    let authority: TokenAuthority
    let version: String
    let names: SeriesNames
    /// Where traces go; `nil` where nothing is traced.
    let traces: (any TraceSink)?

    var routes: [AdministrationRoute] {
        [
            AdministrationRoute(
                .get, "/metrics", access: .open, "Metrics, in Prometheus' text format, or in OpenMetrics'.",
                query: [("view", "Whose names: slipway, triton, kserve, all; the first two without it.")], use: metrics)
        ]
    }

    /// `GET /metrics?view=all` → text. Open to this machine, as predictions are; from elsewhere a token is needed that may
    /// view, even where predictions are open to everybody, and shows the endpoints that it may see.
    @Sendable private func metrics(_ request: Request, _ context: AdministrationContext) async throws -> Response {
        if let denial = needForToken(from: origin(of: request, context.channel)) {
            guard let token = presentedToken(inHeader: request.headers[.authorization]) else { throw denial }
            context.requester.take(try authority.authorize(token, needs: .view, of: .common))
        } else {
            context.requester.name = "this machine"
        }
        let view = try metricsView(of: request.uri.query)
        let text = MetricsText(metricsFormat(accept: request.headers[.accept]))
        write(view, for: context.requester.principal, into: text)
        text.end()
        return Response(
            status: .ok, headers: [.contentType: text.format.contentType],
            body: .init(byteBuffer: ByteBuffer(bytes: text.bytes)))
    }

    /// All under Slipway's own names, as values.
    var families: [MetricFamily] {
        let collector = MetricCollector()
        write(.slipway, for: nil, into: MetricsText(to: collector))
        return collector.families
    }

    private func write(_ view: MetricsView, for principal: Principal?, into text: MetricsText) {
        let (service, log) = (administration.inference, administration.predictions?.log)
        let table = service.table
        MetricsReport(
            of: table.endpoints(for: principal).map { EndpointMetrics($0.name, $0.state, on: service, keptBy: log) },
            existing: table.endpoints.keys, names: names
        ).write(view, into: text)
        if view.contains(.slipway) { writeProgram(into: text, isWhole: principal?.scope.project == nil) }
    }

    /// - Parameter isWhole: Whether the one who asks may see the server as a whole, and not one project of it.
    private func writeProgram(into text: MetricsText, isWhole: Bool) {
        text.family("slipway_build_info", .info, "The program's version.")
        text.sample("slipway_build_info", MetricLabels(["version": version]), 1)
        guard isWhole else { return }
        if let process = administration.process() { process.write(into: text) }
        if let traces { write(traces.counts, into: text) }
    }

    private func write(_ traces: TraceCounts, into text: MetricsText) {
        text.family("slipway_spans_exported_total", .counter, "Spans that were taken where traces go.")
        text.sample("slipway_spans_exported_total", MetricLabels(), traces.exported)
        text.family("slipway_spans_dropped_total", .counter, "Spans that were not, by cause.")
        for (cause, count) in [
            ("queue_full", traces.droppedWaiting), ("refused", traces.droppedRefused),
            ("unreachable", traces.droppedUnreachable),
        ] {
            text.sample("slipway_spans_dropped_total", MetricLabels(["cause": cause]), count)
        }
    }

    private func origin(of request: Request, _ channel: any Channel) -> RequestOrigin {
        let bound = channel.parent?.localAddress?.ipAddress
        let names = request.headers.map { $0.name.canonicalName }
        return RequestOrigin(
            isBoundToLoopback: bound.map { isLoopbackAddress($0[...]) } ?? false, host: request.head.authority,
            isForwarded: names.contains {
                $0 == "via" || $0 == "forwarded" || $0 == "x-real-ip" || $0.hasPrefix("x-forwarded-")
            },
            peer: channel.remoteAddress?.ipAddress)
    }
}

/// What stands behind the “?”: `view=slipway`, `view=triton,kserve`.
///
/// - Throws: `IN-010` for another option, `IN-006` for a view that is none.
func metricsView(of query: String?) throws(Refusal) -> MetricsView {
    var view: MetricsView?
    for (name, value) in try options(of: query) {
        guard name == "view" else {
            throw Refusal(
                .unsupportedOption, .invalidInput, "Metrics take no option “\(name.prefix(40))”.",
                hint: "Write ?view=NAME, or nothing.")
        }
        for word in value.split(separator: ",", omittingEmptySubsequences: false) {
            guard let known = MetricsView.byName.first(where: { $0.key == word })?.value else {
                throw Refusal(
                    .outOfRange, .invalidInput, "“\(word.prefix(40))” is no view of the metrics.",
                    hint: "There are \(MetricsView.byName.map(\.key).joined(separator: ", ")).",
                    details: [.init("option", "view")])
            }
            view = (view ?? []).union(known)
        }
    }
    return view ?? .standard
}

/// What an `Accept` header prefers. Prometheus' format where it says neither, or both alike.
func metricsFormat(accept header: String?) -> MetricsText.Format {
    guard let header, header.utf8.count <= 1000 else { return .prometheus }
    var weights: (openMetrics: Double, prometheus: Double) = (0, 0)
    for item in header.lowercased().split(separator: ",") {
        guard let (type, weight) = weightedList(String(item)).first else { continue }
        let versions = headerParts(item).filter { $0.hasPrefix("version=") }.map { $0.filter { $0 != "\"" } }
        switch type {
        // Version 0.0.1 was the draft of 1.0.0.
        case "application/openmetrics-text"
        where versions.allSatisfy { ["version=1.0.0", "version=0.0.1"].contains($0) }:
            weights.openMetrics = max(weights.openMetrics, weight)
        case "text/plain", "text/*", "*/*": weights.prometheus = max(weights.prometheus, weight)
        default: break
        }
    }
    return weights.openMetrics > weights.prometheus ? .openMetrics : .prometheus
}
