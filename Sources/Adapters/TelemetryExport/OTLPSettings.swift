// SPDX-License-Identifier: Apache-2.0
internal import Foundation
package import ModelDomain

/// Where traces go, and which: what the command line says, and then OpenTelemetry's variables.
package struct OTLPSettings: Sendable, Equatable {
    /// Takes `POST`s of traces.
    package let url: String
    package let headers: [String: String]
    /// For an answer, in seconds.
    package let patience: Double
    /// Of the requests whose callers say nothing, from 0 to 1.
    package let share: Double
    package let followsCallers: Bool
    /// What the server is called, and what else is said of it.
    package let resource: [String: String]

    /// What is traced of requests whose callers say nothing, where nobody says how much.
    package static let usualShare = 0.01

    /// - Parameters:
    ///   - endpoint: Below which `/v1/traces` is; `nil` where the command line does not say it.
    /// - Returns: `nil` where nothing says where to.
    /// - Throws: `SYS-008` for what cannot be honoured.
    package init?(endpoint: String?, share: Double?, environment: [String: String]) throws(Refusal) {
        func variable(_ name: String) -> String? {
            environment["OTEL_\(name)"].flatMap { $0.isEmpty ? nil : $0 }
        }
        guard variable("SDK_DISABLED")?.lowercased() != "true" || endpoint != nil,
            variable("TRACES_EXPORTER") != "none" || endpoint != nil
        else { return nil }
        let below = endpoint ?? variable("EXPORTER_OTLP_ENDPOINT")
        let own = endpoint == nil ? variable("EXPORTER_OTLP_TRACES_ENDPOINT") : nil
        guard let url = own ?? below.map({ "\($0.hasSuffix("/") ? String($0.dropLast()) : $0)/v1/traces" })
        else { return nil }
        guard let parts = URLComponents(string: url), parts.scheme == "http" || parts.scheme == "https",
            parts.host?.isEmpty == false
        else {
            throw Self.refusal(
                "“\(url.prefix(200))” is no address that traces can be sent to.", "http://localhost:4318")
        }
        self.url = url
        let form = variable("EXPORTER_OTLP_TRACES_PROTOCOL") ?? variable("EXPORTER_OTLP_PROTOCOL") ?? "http/protobuf"
        guard form == "http/protobuf" else {
            throw Self.refusal("OTEL_EXPORTER_OTLP_PROTOCOL is “\(form.prefix(40))”.", "http/protobuf")
        }
        headers = try Self.list(variable("EXPORTER_OTLP_HEADERS"), "OTEL_EXPORTER_OTLP_HEADERS")
            .merging(
                try Self.list(variable("EXPORTER_OTLP_TRACES_HEADERS"), "OTEL_EXPORTER_OTLP_TRACES_HEADERS"),
                uniquingKeysWith: { $1 })
        let patience = variable("EXPORTER_OTLP_TRACES_TIMEOUT") ?? variable("EXPORTER_OTLP_TIMEOUT") ?? "10000"
        guard let milliseconds = Double(patience), milliseconds > 0, milliseconds < 1e7 else {
            throw Self.refusal("OTEL_EXPORTER_OTLP_TIMEOUT is “\(patience.prefix(40))”.", "10000, in milliseconds")
        }
        self.patience = milliseconds / 1000
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
