// SPDX-License-Identifier: Apache-2.0
import CSandbox
import Foundation

/// The last stage: gives up what the program must not have, and becomes the program. Nothing of it can be undone.
struct ConfinedStage {
    let order: SandboxOrder

    func run() throws(SystemFailure) -> Never {
        try expect("the temporary folder", unsafe chdir(order.temporaryFolder))
        try useProcessors()
        if let user = order.user { try expect("becoming user \(user)", sandbox_become(user, user)) }
        try expect("giving up capabilities", sandbox_drop_capabilities())
        try expect("no_new_privs", sandbox_refuse_new_privileges())
        // After the change of user, which takes it back.
        try expect("ending with the parent", sandbox_die_with_parent())
        try setLimits()
        try enterLandlock()
        let choices = sandbox_filter_choices(
            namespaces: order.form == .landlock ? 0 : 1, processes: mayStartProcesses ? 1 : 0)
        let isFiltered = sandbox_filter(choices)
        if order.isStrict { try expect("the filter of system calls", isFiltered) }
        throw start(order.policy.program, order.policy.arguments, order.environment)
    }

    private func useProcessors() throws(SystemFailure) {
        guard let count = order.policy.limits.processors else { return }
        try expect("its processors", sandbox_use_processors(Int32(max(count, 1)), order.firstProcessor))
    }

    /// Without namespaces Landlock is what shows the program its files; with them, a second lock behind the first.
    private func enterLandlock() throws(SystemFailure) {
        let version = sandbox_landlock_version()
        guard version > 0 else {
            guard order.form != .landlock || !order.isStrict else { throw .last("Landlock") }
            return
        }
        let rules = try expect("Landlock's rules", sandbox_landlock_create(version))
        let reading = order.form == .landlock ? paths.reading : ["/"]
        for path in reading { try allow(rules, version, path, writable: false) }
        for path in paths.writing { try allow(rules, version, path, writable: true) }
        try expect("Landlock", sandbox_landlock_enter(rules))
        close(rules)
    }

    private func allow(_ rules: Int32, _ version: Int32, _ path: String, writable: Bool) throws(SystemFailure) {
        let result = unsafe sandbox_landlock_allow(rules, version, path, writable ? 1 : 0)
        guard result == 0 || errno == ENOENT else { throw .last("Landlock's rule for \(path)") }
    }

    private var paths: (reading: [String], writing: [String]) {
        var reading = ["/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat"]
        var writing = SandboxView.devices.map { "/dev/\($0)" } + [order.temporaryFolder]
        if order.form != .landlock { writing.append("/dev/shm") }
        for entry in SandboxView(order.policy).entries {
            switch entry {
            case .readOnly(let source, _): reading.append(source)
            case .writable(let source, let place): writing.append(order.form == .landlock ? source : place)
            case .link(_, let place): reading.append(place)
            }
        }
        return (reading, writing)
    }

    /// The kernel counts a user's processes: those of a user of our own making, or, from Linux 5.14 on, those in a
    /// namespace of users. Without either there must be none.
    private var mayStartProcesses: Bool { order.policy.limits.startsProcesses && canCountTasks }

    private var canCountTasks: Bool {
        order.form != .landlock && (order.user != nil || KernelVersion.running >= KernelVersion(5, 14))
    }

    /// The processes around the program that the kernel counts with it: the first one, and the one beside the server.
    private var helpersOfSameUser: Int {
        guard order.user == nil else { return 0 }
        return order.form == .namespaces ? 2 : 1
    }

    private func setLimits() throws(SystemFailure) {
        let limits = order.policy.limits
        try limit(RLIMIT_CORE, 0, "core dumps")
        try limit(RLIMIT_DATA, limits.memory, "memory")
        try limit(RLIMIT_FSIZE, limits.file, "the size of files")
        try limit(RLIMIT_NOFILE, limits.openFiles, "open files")
        try limit(RLIMIT_STACK, 8 << 20, "the stack")
        try limit(__RLIMIT_MSGQUEUE, 0, "message queues")
        if canCountTasks {
            try limit(__RLIMIT_NPROC, limits.tasks + helpersOfSameUser, "processes")
        } else {
            // One process, whose threads count with all that the user has: roughly is better than not at all.
            try limit(__RLIMIT_NPROC, limits.tasks + tasksOfUser + Self.roomForOthers, "threads")
        }
    }

    /// How many tasks the user's other programs may start later, without this one running out of them.
    private static let roomForOthers = 1000

    private var tasksOfUser: Int {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.filter { $0.first?.isNumber ?? false }.reduce(0) { sum, name in
            var status = stat()
            guard unsafe lstat("/proc/\(name)", &status) == 0, status.st_uid == geteuid() else { return sum }
            // A folder has a link for itself, one in the folder above, and one in each folder in it.
            guard unsafe lstat("/proc/\(name)/task", &status) == 0 else { return sum }
            return sum + Int(status.st_nlink) - 2
        }
    }

    private func limit(_ kind: __rlimit_resource, _ most: Int, _ name: String) throws(SystemFailure) {
        let kind = __rlimit_resource_t(kind.rawValue)
        var old = rlimit()
        try expect("the limit of \(name)", unsafe getrlimit(kind, &old))
        // One that is lower already stays.
        let value = min(rlim_t(most), old.rlim_max)
        var new = rlimit(rlim_cur: value, rlim_max: value)
        try expect("the limit of \(name)", unsafe setrlimit(kind, &new))
    }
}

/// Becomes a program. What comes back is why it could not.
func start(_ program: String, _ arguments: [String], _ environment: [String: String]) -> SystemFailure {
    let words = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
    let variables = unsafe environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
    unsafe execve(program, words, variables)
    return .last("starting \(program)")
}

/// A version of Linux, to the minor number.
struct KernelVersion: Comparable {
    let major: Int
    let minor: Int

    init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    static var running: KernelVersion {
        let parts = (kernelText("/proc/sys/kernel/osrelease") ?? "").split(whereSeparator: { !$0.isNumber })
        return KernelVersion(parts.first.flatMap { Int($0) } ?? 0, parts.dropFirst().first.flatMap { Int($0) } ?? 0)
    }

    static func < (one: KernelVersion, other: KernelVersion) -> Bool {
        (one.major, one.minor) < (other.major, other.minor)
    }
}
