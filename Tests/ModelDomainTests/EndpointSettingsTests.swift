// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import Testing

struct EndpointSettingsTests {
    @Test(arguments: [
        ("250us", 250_000), ("250µs", 250_000), ("1ms", 1_000_000), ("1.5s", 1_500_000_000), ("0.25ms", 250_000),
        ("2m", 120_000_000_000), ("24h", 86_400_000_000_000), ("0.001us", 1),
    ])
    func aTimeSpanIsRead(text: String, nanoseconds: Int) {
        #expect(TimeSpan(text)?.nanoseconds == nanoseconds)
    }

    @Test(arguments: [
        "", "ms", "100", "100 ms", "-1ms", "+1ms", "0ms", "0.0s", "1.ms", ".5s", "1.0001s", "1e3ms", "25h", "24.001h",
        "999999999h", "1000000000us", "1ms1", "1MS", "٣ms", "1ns", "00000000000000000000000001s",
    ])
    func whatIsNoTimeSpanIsRefused(text: String) {
        #expect(TimeSpan(text) == nil)
    }

    @Test(arguments: ["250us", "100ms", "1500ms", "2m", "90s", "1h"])
    func aTimeSpanIsWrittenAsItIsRead(text: String) {
        #expect(TimeSpan(text)?.description == text)
    }

    @Test func aRateIsRead() throws {
        let rate = try #require(RequestRate("600/m"))
        #expect(rate.count == 600)
        #expect(rate.period == .minute)
        #expect(rate.intervalNanoseconds == 100_000_000)
        #expect(rate.description == "600/m")
        #expect(RequestRate("1000000/s")?.intervalNanoseconds == 1000)
    }

    @Test(arguments: ["", "/", "100", "100/", "/s", "0/s", "-1/s", "100/d", "1000001/s", "1.5/s", "100/s/s", "1 /s"])
    func whatIsNoRateIsRefused(text: String) {
        #expect(RequestRate(text) == nil)
    }

    @Test func onlyWhatIsGivenChanges() throws {
        let first = try EndpointSettings([.deadline: "100ms", .queue: "200"])
        let second = try first.changed([.ratePerClient: "100/s", .queue: "auto", .runOn: "lane"])
        #expect(second.deadline?.nanoseconds == 100_000_000)
        #expect(second.queue == nil)
        #expect(second.ratePerClient?.count == 100)
        #expect(second.runOn == .lane)
        #expect(second.line == "deadline=100ms rate_per_client=100/s run_on=lane")
        #expect(try EndpointSettings(second.texts) == second)
        #expect(try EndpointSettings(second.allTexts) == second)
    }

    @Test func whatOfARequestsTimeAndMemoryIsSetIsRead() throws {
        let settings = try EndpointSettings([.batching: "16", .batchDelay: "2ms", .p99: "20ms", .cache: "64MiB"])
        #expect(settings.batching == .rows(16))
        #expect(settings.batchDelay?.nanoseconds == 2_000_000)
        #expect(settings.p99?.nanoseconds == 20_000_000)
        #expect(settings.cache?.bytes == 64 << 20)
        #expect(settings.line == "batch_delay=2ms batching=16 cache=64MiB p99=20ms")
        #expect(try EndpointSettings(settings.texts) == settings)
        #expect(try settings.changed([.batching: "off"]).batching == .off)
        #expect(
            try settings.changed([.batching: "auto", .batchDelay: "none", .p99: "auto", .cache: "none"]) == .standard)
    }

    @Test(arguments: [("cpu", "cpu"), ("cuda", "cuda:0"), ("cuda:0", "cuda:0"), ("cuda:63", "cuda:63")])
    func aDeviceIsRead(text: String, canonical: String) throws {
        #expect(ComputeDevice(text)?.description == canonical)
        #expect(try EndpointSettings([.device: text]).text(of: .device) == canonical)
    }

    @Test(arguments: [
        "", "gpu", "CUDA", "cuda:", "cuda:-1", "cuda:01", "cuda:64", "cuda:100", "cuda:٣", "cuda: 1", "cpu:0",
    ])
    func whatIsNoDeviceIsRefused(text: String) {
        #expect(ComputeDevice(text) == nil)
    }

    @Test func theStandardIsADeadlineOfHalfAMinute() throws {
        #expect(EndpointSettings.standard.deadline?.description == "30s")
        #expect(EndpointSettings.standard.line == "standard")
        #expect(EndpointSettings.standard.texts.isEmpty)
        #expect(try EndpointSettings([.deadline: "none"]).deadline == nil)
    }

    @Test(
        arguments: [
            (.deadline, "soon"), (.queue, "0"), (.queue, "100001"), (.concurrency, "none"), (.concurrency, "1025"),
            (.wait, "none"), (.ratePerClient, "auto"), (.runOn, "gpu"), (.queue, "٣"),
            (.batching, "1"), (.batching, "65"), (.batching, "on"), (.batchDelay, "auto"), (.batchDelay, "11s"),
            (.p99, "none"), (.cache, "auto"), (.cache, "1023"), (.cache, "65GiB"), (.cache, "64MB"),
            (.load, "never"), (.device, "gpu"),
        ] as [(EndpointSettings.Key, String)])
    func aWrongSettingSaysWhatItTakes(key: EndpointSettings.Key, text: String) throws {
        let refusal = #expect(throws: Refusal.self) { try EndpointSettings([key: text]) }
        let explanation = try #require(refusal).explanation
        #expect(explanation.code == .outOfRange)
        #expect(explanation.message.contains(key.rawValue))
        #expect(explanation.hint == "It takes \(key.form).")
    }
}
