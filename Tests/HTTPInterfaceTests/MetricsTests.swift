// SPDX-License-Identifier: Apache-2.0
import AccessControl
import ModelDomain
import Testing

@testable import HTTPInterface

/// `/metrics`, and the text that it is in.
struct MetricsTests {
    @Test(arguments: [
        (0, "0"), (1, "0.000000001"), (8192, "0.000008192"), (1_000_000_000, "1"), (1_500_000_000, "1.5"),
        (17_179_869_184, "17.179869184"),
    ])
    func timesAreWrittenInSecondsWithoutRounding(_ nanoseconds: Int, _ text: String) {
        #expect(secondsText(nanoseconds) == text)
    }

    @Test func labelsAreEscaped() {
        let text = MetricsText()
        text.family("a_total", .counter, "What it is.")
        text.sample("a_total", MetricLabels(["name": "a\"b\\c\nd"]).with("kind", "x"), 3)
        text.sample("a_total", MetricLabels(), nanoseconds: 2_500_000_000)
        #expect(
            String(decoding: text.bytes, as: UTF8.self) == """
                # HELP a_total What it is.
                # TYPE a_total counter
                a_total{name="a\\"b\\\\c\\nd",kind="x"} 3
                a_total 2.5

                """)
    }

    @Test func openMetricsHasRulesOfItsOwn() {
        let text = MetricsText(.openMetrics)
        text.family("a_seconds_total", .counter, "Counted.")
        text.sample("a_seconds_total", MetricLabels(), nanoseconds: 1)
        text.family("nv_b", .counter, "Counted by another name.")
        text.sample("nv_b", MetricLabels(), 2)
        text.family("c_info", .info, "Said.")
        text.sample("c_info", MetricLabels(["version": "1"]), 1)
        text.family("d_bytes", .histogram, "Measured.")
        text.histogram(
            "d_bytes", MetricLabels(), [(8192, 1), (nil, 3)], nanoseconds: 5,
            exemplars: [
                MetricExemplar(
                    labels: MetricLabels(["prediction_id": "ab"]), nanoseconds: 4, nanosecondsSince1970: 1_500_000_000),
                nil,
            ])
        text.end()
        #expect(
            String(decoding: text.bytes, as: UTF8.self) == """
                # HELP a_seconds Counted.
                # TYPE a_seconds counter
                # UNIT a_seconds seconds
                a_seconds_total 0.000000001
                # HELP nv_b Counted by another name.
                # TYPE nv_b unknown
                nv_b 2
                # HELP c Said.
                # TYPE c info
                c_info{version="1"} 1
                # HELP d_bytes Measured.
                # TYPE d_bytes histogram
                # UNIT d_bytes bytes
                d_bytes_bucket{le="0.000008192"} 1 # {prediction_id="ab"} 0.000000004 1.5
                d_bytes_bucket{le="+Inf"} 3
                d_bytes_sum 0.000000005
                d_bytes_count 3
                # EOF

                """)
    }

    @Test func whatWasAskedIsTold() async throws {
        try await RunningServer.with { server in
            let path = "/v1/endpoints/doubling/predict"
            for _ in 0..<3 { #expect(try await server.ask("POST", path, #"{"a":1,"b":2,"c":3}"#).status == 200) }
            let answer = try await server.ask("GET", "/metrics")
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            let lines = answer.body.split(separator: "\n")
            for line in [
                #"nv_inference_request_success{model="doubling",version="3"} 3"#,
                #"nv_inference_request_failure{model="doubling",version="3",reason="BACKEND"} 0"#,
                #"slipway_endpoint_ready{endpoint="doubling"} 1"#,
                #"slipway_requests_total{endpoint="doubling",outcome="success"} 3"#,
                #"slipway_request_duration_seconds_bucket{endpoint="doubling",le="+Inf"} 3"#,
                #"slipway_engine_calls_total{endpoint="doubling"} 3"#,
                #"slipway_batch_row_limit{endpoint="doubling"} 1"#,
            ] {
                #expect(lines.contains(Substring(line)), "\(line)")
            }
            // Each metric is told of once, and before its samples.
            let types = lines.filter { $0.hasPrefix("# TYPE ") }
            #expect(Set(types).count == types.count)
            #expect(!answer.body.contains("cache"))
        }
    }

    @Test func fromElsewhereAViewersTokenIsNeeded() async throws {
        try await RunningServer.with { server in
            let refused = try await server.ask("GET", "/metrics", headers: ["Via: 1.1 proxy"])
            #expect(refused.status == 401)
            #expect(try refused.json("code") == #""ACC-001""#)
            let viewer = try await server.authority.makeToken(for: "grafana", .viewer)
            #expect(try await server.ask("GET", "/metrics", headers: ["Via: 1.1 proxy"], token: viewer).status == 200)
            let predictor = try await server.authority.makeToken(for: "app", .predictor)
            #expect(
                try await server.ask("GET", "/metrics", headers: ["Via: 1.1 proxy"], token: predictor).status == 401)
            #expect(try await server.ask("POST", "/metrics").status == 405)
        }
    }
}
