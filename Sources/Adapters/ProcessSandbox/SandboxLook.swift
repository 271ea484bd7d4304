// SPDX-License-Identifier: Apache-2.0
import CSandbox
import Foundation

/// What a sandbox holds, found out by trying it from inside: this program, started like a worker, reaches for what a
/// worker must not have.
struct SandboxLook: Codable {
    /// The layers that hold.
    let held: Set<SandboxLayer>

    /// A file outside, which must not be readable. Beside it nothing may be made.
    static let canaryVariable = "SLIPWAY_SANDBOX_CANARY"
    /// A process outside, which must not be reachable.
    static let processVariable = "SLIPWAY_SANDBOX_PROCESS"
    /// Small ones, so that reaching them costs nothing.
    static var limits: SandboxLimits {
        var limits = SandboxLimits()
        limits.memory = 256 << 20
        limits.temporary = 1 << 20
        limits.file = 8 << 20
        limits.tasks = 8
        return limits
    }

    /// Prints what holds, and ends.
    static func report() -> Never {
        let held = SandboxLayer.allCases.filter(holds)
        guard let text = try? JSONEncoder().encode(SandboxLook(held: Set(held))) else { exit(1) }
        FileHandle.standardOutput.write(text)
        exit(0)
    }

    private static func holds(_ layer: SandboxLayer) -> Bool {
        let variables = ProcessInfo.processInfo.environment
        switch layer {
        case .network:
            return [AF_INET, AF_INET6, AF_NETLINK, AF_PACKET].allSatisfy { family in
                isRefused(socket(family, Int32(SOCK_DGRAM.rawValue), 0))
            }
        case .view:
            guard let canary = variables[canaryVariable] else { return false }
            return isRefused(unsafe open(canary, O_RDONLY)) && isRefused(unsafe open("/etc/passwd", O_RDONLY))
                && isRefused(unsafe open("\(canary).new", O_WRONLY | O_CREAT, 0o600))
        case .temporary:
            return hasLimitedFolder(variables["TMPDIR"] ?? "/tmp")
        case .otherProcesses:
            guard let process = variables[processVariable].flatMap({ pid_t($0) }) else { return false }
            return kill(process, 0) != 0
        case .user:
            return geteuid() != 0 && status("CapEff") == "0000000000000000" && status("NoNewPrivs") == "1"
        case .memory:
            let size = limits.memory + 1
            let place = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
            return unsafe place == MAP_FAILED
        case .tasks:
            return startedProcesses(atMost: limits.tasks * 2) < limits.tasks * 2
        case .systemCalls:
            return status("Seccomp") == "2" && sandbox_leave_namespaces(1) != 0 && errno == EPERM
        }
    }

    private static func isRefused(_ descriptor: Int32) -> Bool {
        guard descriptor >= 0 else { return true }
        close(descriptor)
        return false
    }

    /// Whether no more than the limit can be written there.
    private static func hasLimitedFolder(_ folder: String) -> Bool {
        let name = "\(folder)/look"
        let descriptor = unsafe open(name, O_WRONLY | O_CREAT, 0o600)
        guard descriptor >= 0 else { return false }
        defer {
            close(descriptor)
            unsafe unlink(name)
        }
        let piece = [UInt8](repeating: 0, count: limits.temporary)
        let first = unsafe write(descriptor, piece, piece.count)
        let second = unsafe write(descriptor, piece, piece.count)
        return first > 0 && max(first, 0) + max(second, 0) <= limits.temporary
    }

    /// How many processes could be started; they are gone afterwards.
    private static func startedProcesses(atMost most: Int) -> Int {
        var started: [pid_t] = []
        while started.count < most {
            let process = sandbox_fork()
            if process == 0 {
                pause()
                exit(0)
            }
            guard process > 0 else { break }
            started.append(process)
        }
        for process in started {
            kill(process, SIGKILL)
            _ = waitpid(process, nil, 0)
        }
        return started.count
    }

    private static func status(_ name: String) -> String? {
        let line = (kernelText("/proc/self/status") ?? "").split(separator: "\n").first { $0.hasPrefix("\(name):") }
        return line?.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces)
    }
}
