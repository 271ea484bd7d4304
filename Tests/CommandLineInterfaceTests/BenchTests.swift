// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import ModelExecution
import Tensors
import Testing

@testable import CommandLineInterface

struct BenchTests {
    @Test(arguments: [
        ("500/s", 500.0), ("90/m", 1.5), ("3600/h", 1), ("0.5/s", 0.5), ("1000000/s", 1_000_000),
    ])
    func ratesAreReadAsPeopleWriteThem(_ text: String, _ perSecond: Double) {
        #expect(LoadRate(argument: text)?.perSecond == perSecond)
    }

    @Test(arguments: [
        "", "500", "0/s", "0.0/s", "-1/s", "1e3/s", "/s", "5/", "5/d", "5/s/s", "1000001/s", "nan/s", "inf/s", ".5/s",
        "5./s", "1.2.3/s", "9999999999999/s", " 5/s",
    ])
    func whatIsNoRateIsRefused(_ text: String) {
        #expect(LoadRate(argument: text) == nil)
    }

    @Test(arguments: [("500ms", 0.5), ("30s", 30.0), ("2m", 120), ("1.5h", 5400), ("0s", 0), ("24h", 86_400)])
    func durationsAreReadAsPeopleWriteThem(_ text: String, _ seconds: Double) {
        #expect(LoadDuration(argument: text)?.seconds == seconds)
    }

    @Test(arguments: ["", "30", "-1s", "1e3s", "s", "25h", "nans", "1d", "1.s", "1 s"])
    func whatIsNoDurationIsRefused(_ text: String) {
        #expect(LoadDuration(argument: text) == nil)
    }

    @Test func generatedRowsDifferKeepToRangesAndAreTheSameEachTime() throws {
        let signature = Signature(
            inputs: Datatype.allCases.map {
                TensorSpec(name: $0.rawValue, datatype: $0, shape: [.symbolic("batch"), .fixed(2)])
            }, outputs: [],
            fields: Datatype.allCases.indices.flatMap { input in
                (0..<2).map { offset in
                    RowField(
                        name: "\(input)-\(offset)", input: input, offset: offset,
                        range: offset == 1 && Datatype.allCases[input] == .float64 ? 20...21 : nil)
                }
            })
        let rows = generateRows(of: signature, byteLimit: 1 << 20)
        #expect(rows.count == 256)
        let input = try #require(Datatype.allCases.firstIndex(of: .float64))
        let columns = rows.compactMap { $0.inputs[input].doubles }
        #expect(Set(columns.map { $0[0] }).count == 256)
        #expect(columns.allSatisfy { (0...1).contains($0[0]) && (20...21).contains($0[1]) })
        let again = generateRows(of: signature, byteLimit: 1 << 20).compactMap { $0.inputs[input].doubles }
        #expect(columns == again)
        for row in rows { #expect(row.inputs.map(\.datatype) == Datatype.allCases) }
        #expect(generateRows(of: signature, byteLimit: 0).count == 1)
    }
}
