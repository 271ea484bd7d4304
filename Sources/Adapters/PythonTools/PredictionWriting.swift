// SPDX-License-Identifier: Apache-2.0
package import Foundation
internal import ModelDomain
package import ModelExecution
internal import Tensors

/// Has predictions written as Parquet by pyarrow of the active Python, in a process that sees nothing but a pipe and the
/// open file.
package struct PredictionWriting: Sendable {
    private let interpreter: PythonInterpreter
    private let environments: PythonEnvironments
    private let confinement: any ProcessConfinement

    package init(
        interpreter: PythonInterpreter, environments: PythonEnvironments, confinement: any ProcessConfinement
    ) {
        self.interpreter = interpreter
        self.environments = environments
        self.confinement = confinement
    }

    /// - Parameters:
    ///   - output: An empty file.
    ///   - lines: Hands over what columns there are, then a prediction each; waits while the process is behind.
    /// - Throws: `ENG-009` for a Python without pyarrow; `SYS-002` when the file cannot be written.
    package func write(
        to output: FileHandle, _ lines: (_ write: (String) throws -> Void) async throws -> Void
    ) async throws {
        let pipe = Pipe()
        let helper = try HelperProcess(
            "slipway._data.predictions", [], of: interpreter, in: environments, by: confinement, input: pipe,
            output: output)
        let input = pipe.fileHandleForWriting
        do {
            try await lines { line in
                do { try input.write(contentsOf: Array((line + "\n").utf8)) } catch { throw HelperIsGone() }
            }
        } catch let error as HelperIsGone {
            try? input.close()
            throw helper.end().map(refusal) ?? error
        } catch {
            try? input.close()
            _ = helper.end()
            throw error
        }
        try input.close()
        if let last = helper.end() { throw refusal(last) }
    }

    private struct HelperIsGone: Error {}

    private func refusal(_ said: String) -> Refusal {
        guard let fields = try? JSONValue.parse(said), let problem = fields["problem"]?.string else {
            return Refusal(
                .notWritable, .unavailable, "The file cannot be written: the process that was to do it ended.",
                hint: "See below what it said last.", details: [.init("last line", String(said.prefix(500)))])
        }
        let hint = fields["hint"]?.string
        guard fields["code"]?.string == "missing" else {
            return Refusal(.notWritable, .unavailable, "The file cannot be written: \(problem).", hint: hint)
        }
        return Refusal(
            .environmentMissing, .unavailable, "Parquet needs pyarrow, which \(interpreter.path) does not have.",
            hint: hint)
    }
}
