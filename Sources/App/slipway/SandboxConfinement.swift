// SPDX-License-Identifier: Apache-2.0
import CommandLineInterface
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
    init(_ choice: ServeOptions.SandboxChoice) {
        self =
            switch choice {
            case .full: .full
            case .weak: .weak
            case .off: .off
            }
    }
}
