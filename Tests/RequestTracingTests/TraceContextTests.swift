// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import RequestTracing

/// `traceparent`, as W3C's Trace Context says it.
struct TraceContextTests {
    private static let usual = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test func whatACallerSaysIsRead() throws {
        let context = try #require(TraceContext(traceparent: Self.usual, tracestate: "a=1,b=2"))
        #expect(context.trace.description == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(context.parent.description == "00f067aa0ba902b7")
        #expect(context.isSampled && context.state == "a=1,b=2")
    }

    @Test(arguments: [
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", false),
        // Flags that nobody knows yet.
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03", true),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-fe", false),
        // A later version, which may say more.
        ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true),
        ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-brings", true),
    ])
    func theFlagSaysWhetherItIsRecorded(_ text: String, _ isSampled: Bool) {
        #expect(TraceContext(traceparent: text, tracestate: nil)?.isSampled == isSampled)
    }

    @Test(arguments: [
        "", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-011",
        // Version 0 says nothing more.
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.more",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
        "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        // The header twice.
        "\(usual), \(usual)", "é", String(repeating: "0", count: 100_000),
    ])
    func anythingElseIsNone(_ text: String) {
        #expect(TraceContext(traceparent: text, tracestate: "a=1") == nil)
    }

    @Test func aStateThatIsTooLongIsNotPassedOn() {
        let long = "a=" + String(repeating: "x", count: 510)
        #expect(TraceContext(traceparent: Self.usual, tracestate: long)?.state == long)
        #expect(
            TraceContext(traceparent: Self.usual, tracestate: long + "x")
                == .init(traceparent: Self.usual, tracestate: ""))
    }
}
