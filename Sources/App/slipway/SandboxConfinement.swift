// SPDX-License-Identifier: Apache-2.0
import CommandLineInterface
import Foundation
import ModelDomain
import ModelExecution
import ProcessSandbox

/// Confines programs in this machine's sandbox.
struct SandboxConfinement: ProcessConfinement {
    let demand: SandboxDemand

    func launch(_ program: ConfinedProgram) throws(Refusal) -> ProcessLaunch {
        var limits = SandboxLimits()
        limits.memory = program.memoryBytes
        limits.tasks = program.processCount
        limits.file = 4 << 30
        let launch = try Sandbox.standard.launch(
            SandboxPolicy(
                program: program.program, arguments: program.arguments, environment: program.environment,
                readOnly: program.readable, writable: program.writable, limits: limits),
            demand: demand)
        return ProcessLaunch(
            executable: launch.executable, arguments: Array(launch.arguments.dropFirst()),
            environment: launch.environment)
    }
}

extension SandboxDemand {
    static let variable = "SLIPWAY_SANDBOX"

    /// As chosen, else as the environment says, else full.
    ///
    /// - Throws: `SYS-008` when the environment says something else.
    init(_ choice: SandboxChoice?) throws {
        guard let text = choice?.rawValue ?? ProcessInfo.processInfo.environment[Self.variable] else {
            self = .full
            return
        }
        guard let demand = Self(rawValue: text) else {
            throw Refusal(
                .optionRefused, .invalidInput, "\(Self.variable) is “\(text.prefix(40))”.",
                hint: "Set it to full, weak or off.")
        }
        self = demand
    }
}
