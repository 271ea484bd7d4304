// SPDX-License-Identifier: Apache-2.0
internal import Foundation
package import ModelDomain

/// Where traces, metrics and the log's lines go, and which: what the command line says, and then OpenTelemetry's variables.
package struct OTLPSettings: Sendable, Equatable {
    /// Takes `POST`s of traces, of metrics, and of lines of the log; `nil` where these go nowhere.
    package let url: String?
    package let metricsURL: String?
    package let logsURL: String?
    /// How often metrics are told.
    package let interval: Duration
    package let headers: [String: String]
    package let metricsHeaders: [String: String]
    package let logsHeaders: [String: String]
    /// For an answer, in seconds.
    package let patience: Double
    /// Of the requests whose callers say nothing, from 0 to 1.
    package let share: Double
    package let followsCallers: Bool
    /// What the server is called, and what else is said of it.
    package let resource: [String: String]

    /// What is traced of requests whose callers say nothing, where nobody says how much.
    package static let usualShare = 0.01
    package static let usualInterval = Duration.seconds(15)

    /// - Parameters:
    ///   - endpoint: Below which `/v1/traces`, `/v1/metrics` and `/v1/logs` are; `nil` where the command line does not say it.
    /// - Returns: `nil` where nothing says where to.
    /// - Throws: `SYS-008` for what cannot be honoured.
    package init?(
        endpoint: String?, share: Double?, interval: Duration? = nil, environment: [String: String]
    ) throws(Refusal) {
        func variable(_ name: String) -> String? {
            environment["OTEL_\(name)"].flatMap { $0.isEmpty ? nil : $0 }
        }
        guard variable("SDK_DISABLED")?.lowercased() != "true" || endpoint != nil else { return nil }
        func address(of signal: String, _ path: String) throws(Refusal) -> String? {
            let below = endpoint ?? variable("EXPORTER_OTLP_ENDPOINT")
            let own = endpoint == nil ? variable("EXPORTER_OTLP_\(signal)_ENDPOINT") : nil
            guard let url = own ?? below.map({ "\($0.hasSuffix("/") ? String($0.dropLast()) : $0)/v1/\(path)" })
            else { return nil }
            guard let parts = URLComponents(string: url), parts.scheme == "http" || parts.scheme == "https",
                parts.host?.isEmpty == false
            else {
                throw Self.refusal(
                    "“\(url.prefix(200))” is no address that \(path) can be sent to.", "http://localhost:4318")
            }
            return url
        }
        // Whoever says on the command line where to wants traces. Metrics and the log are there without them, too.
        let hasTraces = variable("TRACES_EXPORTER") != "none" || endpoint != nil
        let url = hasTraces ? try address(of: "TRACES", "traces") : nil
        let metricsURL = variable("METRICS_EXPORTER") == "none" ? nil : try address(of: "METRICS", "metrics")
        let logsURL = variable("LOGS_EXPORTER") == "none" ? nil : try address(of: "LOGS", "logs")
        guard url != nil || metricsURL != nil || logsURL != nil else { return nil }
        self.url = url
        self.metricsURL = metricsURL
        self.logsURL = logsURL
        for name in ["TRACES_", "METRICS_", "LOGS_", ""].map({ "EXPORTER_OTLP_\($0)PROTOCOL" }) {
            guard let form = variable(name), form != "http/protobuf" else { continue }
            throw Self.refusal("OTEL_\(name) is “\(form.prefix(40))”.", "http/protobuf")
        }
        // What a signal's own head has is for nobody else.
        let common = try Self.list(variable("EXPORTER_OTLP_HEADERS"), "OTEL_EXPORTER_OTLP_HEADERS")
        func heads(of signal: String) throws(Refusal) -> [String: String] {
            let name = "EXPORTER_OTLP_\(signal)_HEADERS"
            return common.merging(try Self.list(variable(name), "OTEL_\(name)"), uniquingKeysWith: { $1 })
        }
        headers = try heads(of: "TRACES")
        metricsHeaders = try heads(of: "METRICS")
        logsHeaders = try heads(of: "LOGS")
        let patience = variable("EXPORTER_OTLP_TRACES_TIMEOUT") ?? variable("EXPORTER_OTLP_TIMEOUT") ?? "10000"
        guard let milliseconds = Double(patience), milliseconds > 0, milliseconds < 1e7 else {
            throw Self.refusal("OTEL_EXPORTER_OTLP_TIMEOUT is “\(patience.prefix(40))”.", "10000, in milliseconds")
        }
        self.patience = milliseconds / 1000
        let pause = variable("METRIC_EXPORT_INTERVAL")
        guard let usual = pause == nil ? Self.usualInterval : pause.flatMap(Int.init).map({ .milliseconds($0) }),
            usual >= .milliseconds(100), usual <= .seconds(86_400)
        else {
            throw Self.refusal(
                "OTEL_METRIC_EXPORT_INTERVAL is “\((pause ?? "").prefix(40))”.", "15000, in milliseconds")
        }
        self.interval = interval ?? usual
        let sampler = variable("TRACES_SAMPLER") ?? "parentbased_traceidratio"
        followsCallers = sampler.hasPrefix("parentbased_")
        switch followsCallers ? String(sampler.dropFirst("parentbased_".count)) : sampler {
        case "always_on": self.share = share ?? 1
        case "always_off": self.share = share ?? 0
        case "traceidratio":
            let text = variable("TRACES_SAMPLER_ARG")
            guard let asked = share ?? (text == nil ? Self.usualShare : text.flatMap(Double.init)),
                (0...1).contains(asked)
            else {
                throw Self.refusal("OTEL_TRACES_SAMPLER_ARG is “\((text ?? "").prefix(40))”.", "0.01, from 0 to 1")
            }
            self.share = asked
        default:
            throw Self.refusal("OTEL_TRACES_SAMPLER is “\(sampler.prefix(40))”.", "parentbased_traceidratio")
        }
        var resource = try Self.list(variable("RESOURCE_ATTRIBUTES"), "OTEL_RESOURCE_ATTRIBUTES")
        resource["service.name"] = variable("SERVICE_NAME") ?? resource["service.name"] ?? "slipway"
        self.resource = resource
    }

    /// With the version of the program, by name.
    func resource(version: String) -> [(name: String, value: String)] {
        resource.merging(["service.version": version], uniquingKeysWith: { $1 }).sorted { $0.key < $1.key }
            .map { ($0.key, $0.value) }
    }

    /// `a=1,b=two%20words`
    private static func list(_ text: String?, _ name: String) throws(Refusal) -> [String: String] {
        var found: [String: String] = [:]
        for item in (text ?? "").split(separator: ",") {
            let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces).removingPercentEncoding }
            guard pair.count == 2, let key = pair[0], let value = pair[1], !key.isEmpty,
                // A line break would let a value write further headers.
                (key + value).unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
            else { throw refusal("\(name) is no list of names and values.", "a=1,b=2") }
            found[key] = value
        }
        return found
    }

    private static func refusal(_ message: String, _ example: String) -> Refusal {
        Refusal(.optionRefused, .invalidInput, message, hint: "Write it as in \(example).")
    }
}
