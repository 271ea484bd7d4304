// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelExecution

/// Bytes that this process can still have without pushing another out: what the machine has left, or less where a control
/// group bounds it, as a container's does. `nil` where the system does not tell.
func availableMemory() -> Int? {
    let machine = table(in: systemText("/proc/meminfo") ?? "")
    let ofMachine = machine["MemAvailable"].map { ($0 + (machine["SwapFree"] ?? 0)) << 10 }
    return ([ofMachine] + controlGroups().map(\.available)).compactMap(\.self).min()
}

/// What opening a model reads into memory at least: its file, and the weights that large models keep beside it.
func modelByteCount(_ file: ModelFile) -> Int {
    [file.path, file.path + ".data", file.path + "_data"].reduce(0) { total, path in
        total + ((try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0)
    }
}

/// One control group, and the names that its kind has for its memory.
private struct ControlGroup {
    let folder: String
    let isSecondVersion: Bool

    /// What is left of its limit; `nil` when it has none. Files that were read long ago give way.
    var available: Int? {
        guard let limit = number(isSecondVersion ? "memory.max" : "memory.limit_in_bytes"), limit < 1 << 60,
            let used = number(isSecondVersion ? "memory.current" : "memory.usage_in_bytes")
        else { return nil }
        let files = table(in: systemText("\(folder)/memory.stat") ?? "")
        return limit - used + (files[isSecondVersion ? "inactive_file" : "total_inactive_file"] ?? 0)
    }

    private func number(_ name: String) -> Int? {
        systemText("\(folder)/\(name)").flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }
}

/// The groups of this process, and those around them: each may have a limit. Inside of a container they may stand under
/// another path than the one that the process is told, then the outermost is its own.
private func controlGroups() -> [ControlGroup] {
    (systemText("/proc/self/cgroup") ?? "").split(separator: "\n").flatMap { line -> [ControlGroup] in
        let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard fields.count == 3, fields[1].isEmpty || fields[1].split(separator: ",").contains("memory") else {
            return []
        }
        let root = fields[1].isEmpty ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory"
        var parts = fields[2].split(separator: "/")
        var groups = [ControlGroup(folder: root, isSecondVersion: fields[1].isEmpty)]
        while !parts.isEmpty {
            groups.append(
                ControlGroup(
                    folder: ([Substring(root)] + parts).joined(separator: "/"), isSecondVersion: fields[1].isEmpty))
            parts.removeLast()
        }
        return groups
    }
}

/// Names and numbers, as the system's tables have them: `MemAvailable:   23271940 kB`, `inactive_file 4096`.
private func table(in text: String) -> [String: Int] {
    var numbers: [String: Int] = [:]
    for line in text.split(separator: "\n") {
        let fields = line.split(whereSeparator: { $0 == " " || $0 == ":" })
        if fields.count >= 2, let number = Int(fields[1]) { numbers[String(fields[0])] = number }
    }
    return numbers
}
