// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import ModelDomain
import ModelExecution
import Testing
import WireTypes

@testable import CommandLineInterface

struct ErrorTests {
    @Test(
        arguments: [
            (Explanation.Kind.invalidInput, 2), (.tooLarge, 2), (.notFound, 3), (.conflict, 4), (.denied, 5),
            (.overloaded, 6), (.callerLimited, 6), (.unavailable, 7), (.deadlineExceeded, 7), (.bug, 70),
        ] as [(Explanation.Kind, Int32)])
    func eachKindOfFailureHasItsExitCode(_ kind: Explanation.Kind, _ code: Int32) async {
        #expect(ExitCode(kind).rawValue == code)
        let tools = FakeToolbox { $0.packed = .failure(Refusal(.bug, kind, "No.")) }
        #expect(await slipway("pack", ".", tools: tools).code == code)
    }

    /// Rows that differ are what a person has to look at.
    @Test func aFailedProofShowsTheRowsThatDiffer() async {
        let verdict = ProofVerdict(
            origin: .original, tolerance: .standard, replayed: 114, recorded: 114, largestDifference: 0.5,
            differingRows: 1,
            differences: [.init(row: 7, output: "score", expected: "[0.25]", actual: "[0.75]", largest: 0.5)])
        let explanation = ProofFailed(verdict: verdict).explanation
        let tools = FakeToolbox { $0.packed = .failure(Refusal(explanation)) }
        let outcome = await slipway("deploy", "model.onnx", tools: tools)
        #expect(
            outcome.diagnostics == """
                error: \(explanation.line)
                  row 7, score: expected [0.25], got [0.75], off by up to 0.5
                more: docs/errors/PRF-001.md

                """)
        #expect(outcome.output.isEmpty)
        #expect(outcome.code == 4)
        #expect(!tools.calls.contains("start -"), "a model that is not proven starts nothing")
    }

    @Test func programsGetTheProblemAsJSON() async throws {
        let explanation = Explanation(
            .unknownKey, .invalidInput, "“modle” is no key.", hint: "Did you mean “model”?",
            details: [.init("line", "3")])
        let tools = FakeToolbox { $0.packed = .failure(Refusal(explanation)) }
        let outcome = await slipway("pack", ".", "--format", "json", tools: tools)
        let problem = try JSONDecoder().decode(ProblemV1.self, from: Data(outcome.diagnostics.utf8))
        #expect(problem.explanation == explanation)
        #expect(outcome.output.isEmpty)
    }

    @Test func whatAServerSaysCannotSteerATerminal() {
        let text = errorText(
            Explanation(.bug, .bug, "a\u{1B}[2Jb", details: [.init("row", "\u{7}\nerror: forged")]))
        #expect(text == "error: a\\u{1b}[2Jb (SRV-006)\n  row: \\u{7}\\u{a}error: forged\nmore: docs/errors/SRV-006.md")
    }

    @Test func anUnexpectedErrorIsOurMistake() async {
        let streams = CapturedStreams()
        let console = Console(
            isWatched: false, environment: [:],
            write: { stream, bytes in
                guard stream == .diagnostics else { throw Absent() }
                streams.append(bytes, to: stream)
            }, read: { _ in [] })
        let code = await SlipwayCommand.run(arguments: ["stop"], toolbox: FakeToolbox(), console: console)
        #expect(code == 70)
        #expect(streams.text(.diagnostics).contains("SRV-006"))
        #expect(streams.text(.diagnostics).contains("Absent"))
    }

    @Test func aReaderThatLeavesIsNoFailureToTalkAbout() async {
        let streams = CapturedStreams()
        let console = Console(
            isWatched: false, environment: [:],
            write: { stream, bytes in
                guard stream == .diagnostics else { throw OutputClosed() }
                streams.append(bytes, to: stream)
            }, read: { _ in [] })
        let tools = FakeToolbox { $0.log = ["{}"] }
        #expect(await SlipwayCommand.run(arguments: ["logs"], toolbox: tools, console: console) == 141)
        #expect(streams.text(.diagnostics).isEmpty)
    }
}
