// SPDX-License-Identifier: Apache-2.0
import CSandbox
import Foundation

/// The first process of a namespace: starts the program, buries what has lost its parent, and watches how much memory
/// all of them have together. When it ends, the kernel ends everything in the namespace.
struct FirstProcess {
    let order: SandboxOrder

    func run() throws(SystemFailure) -> Never {
        takeSignalsAsUsual()
        let order = order
        let program = try SandboxedProgram.fork { () throws(SystemFailure) in try ConfinedStage(order: order).run() }
        close(0)
        close(1)
        try expect("giving up capabilities", sandbox_drop_capabilities())
        var watched = [
            pollfd(fd: try expect("the program", sandbox_pidfd_open(program)), events: Int16(POLLIN), revents: 0)
        ]
        var status: Int32 = 0
        while true {
            let processes = Self.processes()
            // One alone has its limit.
            let isAlone = processes.count <= 2
            if !isAlone, Self.privateMemory(of: processes) > order.policy.limits.memory {
                let most = order.policy.limits.memory >> 20
                SandboxedProgram.say("Its processes had more than \(most) MiB together, and were ended.")
                exit(exitStatus(SIGKILL))
            }
            unsafe poll(&watched, nfds_t(watched.count), isAlone ? 250 : 50)
            var ended = unsafe waitpid(-1, &status, WNOHANG)
            while ended > 0 {
                if ended == program { exit(exitStatus(status)) }
                ended = unsafe waitpid(-1, &status, WNOHANG)
            }
        }
    }

    /// In this namespace, with this one.
    private static func processes() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.filter { $0.first?.isNumber ?? false }
    }

    /// In bytes: what is resident and of no file. A page that several still share counts for each.
    private static func privateMemory(of processes: [String]) -> Int {
        let pages = processes.reduce(0) { sum, process in
            let fields = (kernelText("/proc/\(process)/statm") ?? "").split(separator: " ").compactMap { Int($0) }
            return fields.count > 2 ? sum + fields[1] - fields[2] : sum
        }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }
}

/// As shells say it: 128 and the signal's number for a process that a signal ended.
func exitStatus(_ status: Int32) -> Int32 {
    status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
}

/// Undoes what a server has set for itself, and a new process would keep: signals that it ignores or has blocked.
func takeSignalsAsUsual() {
    for number in 1..<Int32(32) where number != SIGKILL && number != SIGSTOP { signal(number, SIG_DFL) }
    var none = sigset_t()
    unsafe sigemptyset(&none)
    unsafe sigprocmask(SIG_SETMASK, &none, nil)
}
