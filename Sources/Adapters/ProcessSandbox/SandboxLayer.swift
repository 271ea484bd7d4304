// SPDX-License-Identifier: Apache-2.0

/// One thing that a sandbox holds, as it can be seen from inside.
package enum SandboxLayer: String, Sendable, Codable, CaseIterable {
    case network = "no network"
    case view = "read-only view"
    case temporary = "private temporary folder of limited size"
    case otherProcesses = "no hold on other processes"
    case user = "unprivileged user"
    case memory = "memory limit"
    case tasks = "process limit"
    case systemCalls = "system-call filter"

    /// What `.full` asks for. Where there are no namespaces, the temporary folder is private, and has no limit but that
    /// of its files.
    static let required = Set(allCases).subtracting([.temporary])
}

/// How a sandbox is built, from strong to weak.
package enum SandboxForm: String, Sendable, Codable, CaseIterable {
    /// Debian's `bubblewrap` makes the namespaces.
    case bubblewrap
    /// This program makes them.
    case namespaces
    /// No namespaces: Landlock shows what may be read, and the filter alone keeps it from the network.
    case landlock
}

/// How much sandbox somebody asks for.
package enum SandboxDemand: String, Sendable, CaseIterable {
    /// Everything that must hold, or nothing is started.
    case full
    /// What this machine has.
    case weak
    /// None: the program runs as what starts it, with its rights.
    case off
}
