// SPDX-License-Identifier: Apache-2.0
import DriftDetection
import ModelDomain
import Statistics
import Tensors
import Testing

/// The baseline of a bundle, as it is read.
struct BaselineTests {
    private let baseline = Baseline(
        rows: 6,
        columns: [
            Baseline.Column("x", .numeric(NumericProfile(of: [1, 2, 2, .nan, .infinity, 1e308]))),
            Baseline.Column("empty", .numeric(NumericProfile(of: [.nan, .nan, .nan, .nan, .nan, .nan]))),
            Baseline.Column(
                "word",
                .categorical(
                    CategoricalProfile(
                        of: ["caf\u{E9}", "cafe\u{301}", nil, "a", "a", "b"].map { $0.map { Array($0.utf8) } }))),
        ])

    @Test func aBaselineSurvivesItsJSON() throws {
        #expect(try Baseline(document: baseline.json.canonical) == baseline)
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"schema":"slipway.baseline/2","rows":1,"columns":[]}"#,
        #"{"schema":"slipway.baseline/1","rows":-1,"columns":[]}"#,
        #"{"schema":"slipway.baseline/1","rows":1,"columns":[{"name":"x","kind":"odd"}]}"#,
        // Not one bin more than edges; edges that do not ascend; a negative count.
        numeric(edges: "[1,2]", counts: "[1,2]"), numeric(edges: "[2,1]", counts: "[1,2,3]"),
        numeric(edges: "[1]", counts: "[1,-2]"), numeric(edges: "[1,1]", counts: "[1,1,1]"),
    ])
    func whatIsNoBaselineIsRefused(text: String) {
        #expect(throws: Refusal.self) { try Baseline(document: Array(text.utf8)) }
    }

    /// Also of values whose deviation is beyond any number: else replicas could not add what they counted.
    @Test func aBaselineThatWasReadCountsLikeTheOneThatWasLearned() throws {
        let learned = MonitorBaseline(
            inputs: baseline, inputOrigin: .traffic, outputs: Baseline(rows: 0, columns: []), outputOrigin: .traffic)
        #expect(try MonitorBaseline(document: learned.json.canonical).fingerprint == learned.fingerprint)
    }

    @Test func edgesAndCountsThatFitAreTaken() throws {
        let read = try Baseline(document: Array(numeric(edges: "[1,2]", counts: "[1,2,3]").utf8))
        guard case .numeric(let profile) = read.columns[0].profile else { return #expect(Bool(false)) }
        #expect(profile.bins?.edges == [1, 2])
        #expect(profile.binCounts == [1, 2, 3])
    }
}

private func numeric(edges: String, counts: String) -> String {
    #"{"schema":"slipway.baseline/1","rows":6,"columns":[{"name":"x","kind":"numeric","count":6,"missing":0,"#
        + #""positive_infinities":0,"negative_infinities":0,"minimum":0,"maximum":3,"distinct":6,"edges":"#
        + edges + #","bin_counts":"# + counts + "}]}"
}
