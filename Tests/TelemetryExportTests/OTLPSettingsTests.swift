// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import TelemetryExport
import Testing

/// The command line and OpenTelemetry's variables.
struct OTLPSettingsTests {
    private func settings(
        _ environment: [String: String] = [:], endpoint: String? = nil, share: Double? = nil
    ) throws(Refusal) -> OTLPSettings? {
        try OTLPSettings(endpoint: endpoint, share: share, environment: environment)
    }

    @Test func nothingIsSentWhereNobodySaysWhereTo() throws {
        #expect(try settings() == nil)
        #expect(try settings(["OTEL_EXPORTER_OTLP_ENDPOINT": ""]) == nil)
        #expect(try settings(["OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_SDK_DISABLED": "true"]) == nil)
        #expect(try settings(["OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_SDK_DISABLED": "TRUE"]) == nil)
        let neither = [
            "OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none",
        ]
        #expect(try settings(neither.merging(["OTEL_EXPORTER_OTLP_ENDPOINT": "http://a"]) { $1 }) == nil)
    }

    @Test func tracesAndMetricsGoTheirOwnWays() throws {
        var environment = ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_TRACES_EXPORTER": "none"]
        let metrics = try #require(try settings(environment))
        #expect(metrics.url == nil && metrics.metricsURL == "http://a/v1/metrics" && metrics.interval == .seconds(15))
        environment = [
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://t/x", "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "key=secret",
            "OTEL_EXPORTER_OTLP_HEADERS": "tenant=7",
        ]
        #expect(try settings(environment)?.metricsURL == nil)
        environment["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"] = "http://m/y"
        environment["OTEL_METRIC_EXPORT_INTERVAL"] = "2500"
        let both = try #require(try settings(environment))
        #expect(both.url == "http://t/x" && both.metricsURL == "http://m/y" && both.interval == .milliseconds(2500))
        #expect(both.headers == ["key": "secret", "tenant": "7"] && both.metricsHeaders == ["tenant": "7"])
        let said = try #require(try settings(["OTEL_METRICS_EXPORTER": "none"], endpoint: "http://said"))
        #expect(said.url == "http://said/v1/traces" && said.metricsURL == nil)
        #expect(said.logsURL == "http://said/v1/logs")
    }

    @Test func theCommandLineGoesFirst() throws {
        let environment = [
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://common:4318/", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://own/x",
            "OTEL_TRACES_SAMPLER_ARG": "0.25", "OTEL_SDK_DISABLED": "true",
        ]
        let said = try #require(try settings(environment, endpoint: "http://said:4318", share: 0.5))
        #expect(said.url == "http://said:4318/v1/traces" && said.share == 0.5)
    }

    @Test func variablesAreReadAsTheyAreMeant() throws {
        var environment = ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://common:4318/below/"]
        let usual = try #require(try settings(environment))
        // A signal's own address is taken as it is, the common one has the signal's path below it.
        #expect(usual.url == "http://common:4318/below/v1/traces" && usual.patience == 10 && usual.headers.isEmpty)
        #expect(usual.share == OTLPSettings.usualShare && usual.followsCallers)
        #expect(usual.resource == ["service.name": "slipway"])
        environment["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = "https://own/x"
        environment["OTEL_EXPORTER_OTLP_HEADERS"] = "authorization=Bearer%20abc, tenant = 7"
        environment["OTEL_EXPORTER_OTLP_TRACES_HEADERS"] = "tenant=8"
        environment["OTEL_EXPORTER_OTLP_TIMEOUT"] = "2500"
        environment["OTEL_RESOURCE_ATTRIBUTES"] = "service.name=other,deployment.environment.name=test"
        environment["OTEL_SERVICE_NAME"] = "models"
        environment["OTEL_TRACES_SAMPLER_ARG"] = "0.25"
        let all = try #require(try settings(environment))
        #expect(all.url == "https://own/x" && all.patience == 2.5 && all.share == 0.25)
        #expect(all.headers == ["authorization": "Bearer abc", "tenant": "8"])
        #expect(all.resource == ["service.name": "models", "deployment.environment.name": "test"])
    }

    @Test(arguments: [
        ("always_on", 1, false), ("always_off", 0, false), ("traceidratio", 0.5, false),
        ("parentbased_always_on", 1, true), ("parentbased_always_off", 0, true),
        ("parentbased_traceidratio", 0.5, true),
    ])
    func samplersHaveTheirNames(_ name: String, _ share: Double, _ follows: Bool) throws {
        let found = try #require(
            try settings(["OTEL_TRACES_SAMPLER": name, "OTEL_TRACES_SAMPLER_ARG": "0.5"], endpoint: "http://a"))
        #expect(found.share == share && found.followsCallers == follows)
    }

    @Test(arguments: [
        ["OTEL_TRACES_SAMPLER": "jaeger_remote"], ["OTEL_TRACES_SAMPLER_ARG": "2"], ["OTEL_TRACES_SAMPLER_ARG": "half"],
        ["OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"], ["OTEL_EXPORTER_OTLP_HEADERS": "a"],
        ["OTEL_EXPORTER_OTLP_HEADERS": "a=b%0d%0ac:d"], ["OTEL_EXPORTER_OTLP_TIMEOUT": "0"],
        ["OTEL_EXPORTER_OTLP_TIMEOUT": "soon"], ["OTEL_EXPORTER_OTLP_ENDPOINT": "localhost:4318"],
        ["OTEL_EXPORTER_OTLP_ENDPOINT": "ftp://a"],
    ])
    func whatCannotBeHonouredIsRefused(_ environment: [String: String]) {
        let all = ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://a"].merging(environment, uniquingKeysWith: { $1 })
        #expect {
            _ = try settings(all)
        } throws: {
            ($0 as? Refusal)?.explanation.code == .optionRefused
        }
    }
}
