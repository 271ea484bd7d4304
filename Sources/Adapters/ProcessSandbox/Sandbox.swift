// SPDX-License-Identifier: Apache-2.0
import Foundation
package import ModelDomain

/// What to start instead of a program, to have it in its sandbox. The descriptors 0, 1 and 2 are the starter's to set.
package struct SandboxLaunch: Sendable {
    package let executable: String
    /// With the program's own name.
    package let arguments: [String]
    package let environment: [String: String]
}

/// This machine's sandbox.
package struct Sandbox: Sendable {
    /// Of this program. Looks at the machine when it is first asked for, which starts a few short processes.
    package static let standard = Sandbox(program: ownPath)

    package let strength: SandboxStrength
    /// The `slipway` program.
    private let program: String

    private static var ownPath: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }

    /// - Parameter forms: Those that may be used, the best first.
    package init(program: String, forms: [SandboxForm] = SandboxForm.allCases) {
        let program = URL(fileURLWithPath: program).resolvingSymlinksInPath().path
        self.init(program: program, strength: SandboxStrength(program: program, forms: forms))
    }

    init(program: String, strength: SandboxStrength) {
        self.program = program
        self.strength = strength
    }

    /// What starts a program as the policy says. Of the processes that come of it, the one that is started ends last,
    /// with the program's status (128 and the number of the signal that ended it; 125 when the sandbox could not be
    /// built, and a line on standard error says why). To end all of it, end that one, with any signal.
    ///
    /// - Throws: `SBX-001` when the machine does not have what is demanded.
    package func launch(_ policy: SandboxPolicy, demand: SandboxDemand = .full) throws(Refusal) -> SandboxLaunch {
        guard demand != .off else {
            return SandboxLaunch(
                executable: policy.program, arguments: [policy.program] + policy.arguments,
                environment: policy.environment)
        }
        guard let form = strength.form, demand == .weak || strength.isFull else { throw strength.refusal }
        let order = SandboxOrder(
            policy: policy, form: form, isStrict: demand == .full, parent: getpid(),
            bubblewrap: strength.bubblewrap)
        return try Self.launch(order, of: program)
    }

    static func launch(_ order: SandboxOrder, of program: String) throws(Refusal) -> SandboxLaunch {
        // A variable has room for 128 KiB.
        guard let text = try? order.text(), text.utf8.count < 120 << 10 else {
            throw Refusal(
                .sandboxMissing, .invalidInput, "The program's arguments, variables and paths are too long together.",
                hint: "Name folders instead of the files in them.")
        }
        return SandboxLaunch(
            executable: program, arguments: [program, SandboxOrder.command, order.policy.program],
            environment: [SandboxOrder.variable: text])
    }
}
