// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What `slipway sandboxed` is told: it travels in one variable, which only the same user can read.
struct SandboxOrder: Sendable, Codable {
    static let variable = "SLIPWAY_SANDBOX_ORDER"
    /// The hidden command.
    static let command = "sandboxed"
    /// After the command: the namespaces are made, and this is the first process in them.
    static let insideOption = "--inside"
    /// After the command: look around, and print what the sandbox holds.
    static let lookOption = "--look"

    let policy: SandboxPolicy
    let form: SandboxForm
    /// Whether a layer that the machine does not have stops the start.
    let isStrict: Bool
    /// The process that starts the sandbox, and with whose end it ends.
    let parent: pid_t
    /// The bubblewrap program, for its form.
    var bubblewrap: String?

    /// Where `TMPDIR` leads, when the namespaces do not give it a `/tmp` of its own.
    var temporaryFolder = "/tmp"
    /// Different sandboxes start at different processors: a number that no other one has now.
    var firstProcessor: Int32 = 0
    /// The user that the program becomes; `nil`: it stays who it is.
    var user: UInt32?

    var environment: [String: String] {
        ["TMPDIR": temporaryFolder, "HOME": temporaryFolder].merging(policy.environment) { $1 }
    }

    func text() throws -> String { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }

    init(
        policy: SandboxPolicy, form: SandboxForm, isStrict: Bool, parent: pid_t, bubblewrap: String?
    ) {
        self.policy = policy
        self.form = form
        self.isStrict = isStrict
        self.parent = parent
        self.bubblewrap = bubblewrap
    }

    init?(environment: [String: String]) {
        guard let text = environment[Self.variable],
            let order = try? JSONDecoder().decode(SandboxOrder.self, from: Data(text.utf8))
        else { return nil }
        self = order
    }
}
