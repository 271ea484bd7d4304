// SPDX-License-Identifier: Apache-2.0
import CSandbox
import Foundation

/// The hidden command `slipway sandboxed`: starts one program in a sandbox, stays beside it, and ends as it ends.
///
/// It runs before anything else of the program, because only a process with one thread can enter a namespace of users,
/// and fork without leaving locks behind.
package struct SandboxedProgram {
    /// The status when the sandbox could not be built, and nothing was started.
    package static let failedStatus: Int32 = 125

    /// Does the hidden command and ends, when it is one; otherwise does nothing.
    package static func runIfAsked(arguments: [String]) {
        guard arguments.dropFirst().first == SandboxOrder.command else { return }
        if arguments.last == SandboxOrder.lookOption { SandboxLook.report() }
        guard let order = SandboxOrder(environment: ProcessInfo.processInfo.environment) else {
            stop(SystemFailure("This command is Slipway's own; it has no use on a command line."))
        }
        do {
            if arguments.last == SandboxOrder.insideOption {
                try FirstProcess(order: order).run()
            } else {
                var program = SandboxedProgram(order: order)
                exit(try program.run())
            }
        } catch {
            stop(error)
        }
    }

    private static func stop(_ failure: SystemFailure) -> Never {
        say(failure.description)
        exit(failedStatus)
    }

    /// Into the program's log.
    static func say(_ line: String) { FileHandle.standardError.write(Data("sandbox: \(line)\n".utf8)) }

    /// Users from here on are nobody's on any system: below 2³¹, above what containers and services are given.
    private static let firstUser: UInt32 = 0x7f00_0000
    private static let nobody: UInt32 = 65_534

    private var order: SandboxOrder
    /// Where there are no namespaces that give it one.
    private var temporaryFolder: TemporaryFolder?

    private init(order: SandboxOrder) { self.order = order }

    private mutating func run() throws(SystemFailure) -> Int32 {
        try expect("closing descriptors", sandbox_close_from(3))
        takeSignalsAsUsual()
        // Until somebody waits for them: one that comes while the sandbox is made would leave half of it behind.
        var ends = Self.signalSet(Self.endings)
        unsafe sigprocmask(SIG_BLOCK, &ends, nil)
        try expect("adopting orphans", sandbox_adopt_orphans())
        guard (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count) == 1 else {
            throw SystemFailure("This process has threads already.")
        }
        let parent = try expect("the server's process", sandbox_pidfd_open(order.parent))
        guard getppid() == order.parent else { throw SystemFailure("The server has ended.") }
        umask(0o022)
        // When the machine runs out of memory, this goes first, and not the server. What cannot be set is no reason
        // to stop: it is a matter of order only.
        try? tellKernel("/proc/self/oom_score_adj", "1000")
        order.firstProcessor = getpid()
        try chooseUser()
        let child = try startChild()
        return try wait(for: child, or: parent)
    }

    /// The kernel counts processes by user: as root, each sandbox gets a user of its own. Without namespaces that user
    /// could not reach the files of a private data folder.
    private mutating func chooseUser() throws(SystemFailure) {
        guard geteuid() == 0, order.form != .landlock else { return }
        let own = Self.firstUser + UInt32(getpid())
        let user = Self.isMapped(own) ? own : Self.nobody
        order.user = user
        for path in order.policy.writable {
            try expect("giving \(path) to user \(user)", unsafe lchown(path, user, user))
        }
    }

    private static func isMapped(_ user: UInt32) -> Bool {
        (kernelText("/proc/self/uid_map") ?? "").split(separator: "\n").contains { line in
            let numbers = line.split(separator: " ").compactMap { UInt64($0) }
            return numbers.count == 3 && numbers[0] <= user && UInt64(user) < numbers[0] + numbers[2]
        }
    }

    private mutating func startChild() throws(SystemFailure) -> pid_t {
        switch order.form {
        case .bubblewrap:
            let program = try Self.path()
            return try Self.fork { [order] () throws(SystemFailure) in
                guard let text = try? order.text() else { throw SystemFailure("The order cannot be written.") }
                let command = BubblewrapCommand(order, program: program)
                throw start(
                    command.arguments[0], Array(command.arguments.dropFirst()), [SandboxOrder.variable: text])
            }
        case .namespaces:
            try leaveNamespaces()
            return try Self.fork { [order] () throws(SystemFailure) in
                try expect("ending with the parent", sandbox_die_with_parent())
                try NamespaceView(
                    view: SandboxView(order.policy), temporaryBytes: order.policy.limits.temporary
                ).enter()
                try FirstProcess(order: order).run()
            }
        case .landlock:
            temporaryFolder = try TemporaryFolder()
            order.temporaryFolder = temporaryFolder?.path ?? order.temporaryFolder
            return try Self.fork { [order] () throws(SystemFailure) in try ConfinedStage(order: order).run() }
        }
    }

    private func leaveNamespaces() throws(SystemFailure) {
        let user = geteuid()
        let group = getegid()
        try expect("new namespaces", sandbox_leave_namespaces(user == 0 ? 0 : 1))
        guard user != 0 else { return }
        try tellKernel("/proc/self/setgroups", "deny")
        try tellKernel("/proc/self/uid_map", "\(user) \(user) 1")
        try tellKernel("/proc/self/gid_map", "\(group) \(group) 1")
    }

    /// Until the program ends, the server ends, or a signal tells this process to.
    private func wait(for child: pid_t, or parent: Int32) throws(SystemFailure) -> Int32 {
        defer { temporaryFolder?.remove() }
        // The program's end is to be the end of its connection.
        close(0)
        close(1)
        let ended = try expect("the program's process", sandbox_pidfd_open(child))
        // A signal ends the wait, and with it everything.
        for number in Self.endings { signal(number) { _ in } }
        if sandbox_wait(ended, parent) == 0 { kill(child, SIGKILL) }
        var status: Int32 = 0
        while unsafe waitpid(child, &status, 0) < 0, errno == EINTR {}
        endOrphans()
        return exitStatus(status)
    }

    /// Bubblewrap's child outlives it when that is killed before the child has asked to go with it.
    private func endOrphans() {
        let list = "/proc/self/task/\(getpid())/children"
        while true {
            for orphan in (kernelText(list) ?? "").split(separator: " ").compactMap({ pid_t($0) }) {
                kill(orphan, SIGKILL)
            }
            guard waitpid(-1, nil, 0) > 0 || errno == EINTR else { return }
        }
    }

    private static let endings = [SIGTERM, SIGINT, SIGHUP]

    private static func signalSet(_ numbers: [Int32]) -> sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for number in numbers { unsafe sigaddset(&set, number) }
        return set
    }

    /// This program.
    private static func path() throws(SystemFailure) -> String {
        guard let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            throw .last("/proc/self/exe")
        }
        return path
    }

    /// A child that does one thing, and comes back only when that failed.
    ///
    /// What it becomes may be of the same user as this process, which has no filter and no limits: it must not get into it.
    static func fork(_ work: () throws(SystemFailure) -> Never) throws(SystemFailure) -> pid_t {
        try expect("hiding", sandbox_hide())
        let child = try expect("a new process", sandbox_fork())
        guard child == 0 else { return child }
        var none = signalSet([])
        unsafe sigprocmask(SIG_SETMASK, &none, nil)
        do {
            try work()
        } catch {
            stop(error)
        }
    }
}
