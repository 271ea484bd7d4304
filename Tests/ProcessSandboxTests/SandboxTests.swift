// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain
import TestSupport
import Testing

@testable import ProcessSandbox

/// What is started, and when nothing is.
@Suite(.serialized) struct SandboxTests {
    private let policy = SandboxPolicy(
        program: "/usr/bin/env", arguments: ["-0"], environment: ["GIVEN": "a secret"], readOnly: ["/usr"])

    private func sandbox(without missing: Set<SandboxLayer> = [], form: SandboxForm? = .namespaces) -> Sandbox {
        Sandbox(
            program: "/opt/slipway",
            strength: SandboxStrength(
                form: form, held: Set(SandboxLayer.allCases).subtracting(missing), bubblewrap: nil,
                problems: ["bubblewrap is not installed"]))
    }

    @Test func startsThisProgramWithAnOrderThatOthersCannotRead() throws {
        let launch = try sandbox().launch(policy)
        #expect(launch.executable == "/opt/slipway")
        // What `ps` shows.
        #expect(launch.arguments == ["/opt/slipway", "sandboxed", "/usr/bin/env"])
        let order = try #require(SandboxOrder(environment: launch.environment))
        #expect(launch.environment.count == 1)
        #expect(order.isStrict)
        #expect(order.form == .namespaces)
        #expect(order.parent == getpid())
        #expect(order.policy.arguments == ["-0"])
        #expect(order.environment == ["GIVEN": "a secret", "TMPDIR": "/tmp", "HOME": "/tmp"])
    }

    @Test(arguments: SandboxLayer.required)
    func refusesWhenALayerIsMissing(_ layer: SandboxLayer) throws {
        let refusal = try #require(throws: Refusal.self) { try sandbox(without: [layer]).launch(policy) }
        #expect(refusal.explanation.code == .sandboxMissing)
        #expect(refusal.explanation.message.hasSuffix("Missing: \(layer.rawValue)."))
        #expect(refusal.explanation.hint?.contains("--sandbox weak") == true)
        #expect(refusal.explanation.details == [.init("problem 1", "bubblewrap is not installed")])
    }

    @Test func goesWithoutOnlyWhereThatIsAskedFor() throws {
        let weak = try sandbox(without: [.user]).launch(policy, demand: .weak)
        #expect(SandboxOrder(environment: weak.environment)?.isStrict == false)
        let off = try sandbox(without: [.user]).launch(policy, demand: .off)
        #expect(off.executable == "/usr/bin/env")
        #expect(off.arguments == ["/usr/bin/env", "-0"])
        #expect(off.environment == ["GIVEN": "a secret"])
    }

    @Test func refusesEvenAWeakOneWhereNothingCanBeStarted() {
        let none = sandbox(without: Set(SandboxLayer.allCases), form: nil)
        #expect(throws: Refusal.self) { try none.launch(policy, demand: .weak) }
    }

    @Test func refusesAnOrderThatNoVariableCanHold() {
        var long = policy
        long.arguments = [String(repeating: "x", count: 120 << 10)]
        #expect(throws: Refusal.self) { try sandbox().launch(long) }
    }

    @Test func saysInOneLineWhatHoldsAndWhatIsMissing() {
        #expect(
            sandbox().strength.summary
                == """
                full, through namespaces of its own: no network, read-only view, private temporary folder of limited \
                size, no hold on other processes, unprivileged user, memory limit, process limit, system-call filter
                """)
        #expect(sandbox().strength.remedy == nil)
        let weak = sandbox(without: [.user, .tasks], form: .landlock).strength
        #expect(weak.summary.hasPrefix("weak, through Landlock, without namespaces: no network"))
        #expect(weak.summary.hasSuffix("; missing: unprivileged user, process limit"))
        #expect(weak.remedy != nil)
    }

    /// Without a limit on the temporary folder it is still full: its files have one.
    @Test func isFullWithoutALimitOfTheTemporaryFolder() {
        #expect(sandbox(without: [.temporary]).strength.isFull)
    }

    /// The real program, with whatever this machine gives.
    @Test func theProgramRunsWithNothingOfItsStarters() throws {
        let sandbox = Sandbox(program: Program.path)
        let launch = try sandbox.launch(policy, demand: .weak)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: launch.executable)
        process.arguments = Array(launch.arguments.dropFirst())
        process.environment = launch.environment
        let output = Pipe()
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let names = text.split(separator: "\0").compactMap { $0.split(separator: "=").first.map(String.init) }
        #expect(Set(names) == ["GIVEN", "TMPDIR", "HOME"])
    }

    /// Linux has had the filter and the limits for so long that a machine without them is a mistake of ours.
    @Test func everyMachineHoldsTheFilterAndTheLimits() {
        let held = Sandbox(program: Program.path).strength.held
        #expect(held.isSuperset(of: [.network, .memory, .tasks, .systemCalls]))
    }
}
