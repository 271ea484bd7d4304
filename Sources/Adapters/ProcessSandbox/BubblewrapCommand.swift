// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The command line that has bubblewrap make the namespaces, and start this program again inside of them.
struct BubblewrapCommand {
    let arguments: [String]

    init(_ order: SandboxOrder, program: String) {
        let limits = order.policy.limits
        var arguments = [
            order.bubblewrap ?? "bwrap", "--die-with-parent", "--new-session", "--as-pid-1", "--unshare-ipc",
            "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try", "--hostname", "sandbox",
        ]
        if order.user == nil {
            arguments.append("--unshare-user")
        } else {
            // As root, the new user is one of the machine, whose processes the kernel counts apart: only this program
            // can become it, and then has no use for what it needed for that.
            arguments += ["--cap-drop", "ALL"]
            for capability in ["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"] { arguments += ["--cap-add", capability] }
        }
        for place in ["/tmp", "/dev/shm"] {
            if place == "/dev/shm" { arguments += ["--proc", "/proc", "--dev", "/dev"] }
            arguments += ["--perms", "1777", "--size", "\(limits.temporary)", "--tmpfs", place]
        }
        for entry in SandboxView(order.policy).entries {
            // Bubblewrap itself would make the folders above a file for its own user only.
            for folder in Self.folders(above: entry.place) { arguments += ["--perms", "0755", "--dir", folder] }
            switch entry {
            case .readOnly(let source, let place): arguments += ["--ro-bind", source, place]
            case .writable(let source, let place): arguments += ["--bind", source, place]
            case .link(let target, let place): arguments += ["--symlink", target, place]
            }
        }
        // Both are memory without a limit.
        arguments += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp", "--", program]
        self.arguments = arguments + [SandboxOrder.command, SandboxOrder.insideOption]
    }

    private static func folders(above path: String) -> [String] {
        let parts = path.split(separator: "/")
        return parts.indices.dropFirst().map { "/" + parts[..<$0].joined(separator: "/") }
    }
}
