// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain

/// Which process listens on a port, as far as this user may see.
func portOwner(_ port: Int) -> String? {
    let hexadecimal = String(port, radix: 16, uppercase: true)
    let suffix = ":" + String(repeating: "0", count: 4 - hexadecimal.count) + hexadecimal
    var sockets: Set<String> = []
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        for line in (systemText(table) ?? "").split(separator: "\n") {
            let fields = line.split(separator: " ")
            // Field 1 is the local address, 3 the state (0A listens), 9 the socket's inode.
            guard fields.count > 9, fields[1].hasSuffix(suffix), fields[3] == "0A" else { continue }
            sockets.insert("socket:[\(fields[9])]")
        }
    }
    guard !sockets.isEmpty else { return nil }
    let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.filter { Int($0) != nil } ?? []
    for process in processes {
        let folder = "/proc/\(process)/fd"
        for descriptor in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(descriptor)"),
                sockets.contains(target)
            else { continue }
            let name = systemText("/proc/\(process)/comm")?.trimmingCharacters(in: .whitespacesAndNewlines)
            return "process \(process)" + (name.map { " (\($0))" } ?? "")
        }
    }
    return "a process of another user"
}

/// A file of /proc. They have no size, so they are read to their end.
func systemText(_ path: String) -> String? {
    guard let bytes = try? FileHandle(forReadingAtPath: path)?.readToEnd() else { return nil }
    return String(decoding: bytes, as: UTF8.self)
}

func portRefusal(_ port: Int) -> Refusal {
    Refusal(
        .portInUse, .conflict, "Port \(port) is taken by \(portOwner(port) ?? "another process").",
        hint: "Choose another with --port, or let the system choose with --port 0.")
}
