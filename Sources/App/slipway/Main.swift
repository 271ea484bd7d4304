// SPDX-License-Identifier: Apache-2.0
import CommandLineInterface
import Foundation
import ProcessSandbox

@main
enum Main {
    static func main() async {
        // Before there is a second thread: only a process with one can enter a namespace of users.
        SandboxedProgram.runIfAsked(arguments: CommandLine.arguments)
        Rehearsal.runIfAsked(arguments: CommandLine.arguments)
        // Before any engine is loaded: ONNX Runtime would send telemetry, and OpenMP start threads of its own.
        unsafe setenv("ORT_DISABLE_TELEMETRY", "1", 1)
        unsafe setenv("OMP_NUM_THREADS", "1", 0)
        // A caller that hangs up is an error on its connection, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        exit(await SlipwayCommand.run(arguments: Array(CommandLine.arguments.dropFirst()), toolbox: MachineToolbox()))
    }
}
