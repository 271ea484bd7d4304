// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// A process of this machine with everything that it started, as Linux lists it: models may run in processes of their own.
package struct ProcessFamily: Sendable {
    /// No family is larger; it only keeps a mistake from walking through the whole machine.
    private static let limit = 10_000

    package let processID: Int

    package init(_ processID: Int) { self.processID = processID }

    /// Seconds that it and its descendants have used, those included that have ended.
    ///
    /// - Returns: `nil` when there is no such process.
    package var processorSeconds: Double? {
        guard ProcessorTime.seconds(of: processID, andEndedChildren: true) != nil else { return nil }
        return members.compactMap { ProcessorTime.seconds(of: $0, andEndedChildren: true) }.reduce(0, +)
    }

    /// Memory of all of them, in bytes; what they share counts once, where the system says what that is.
    package var residentBytes: Int? {
        let sizes = members.compactMap(memory)
        return sizes.isEmpty ? nil : sizes.reduce(0, +)
    }

    /// Itself first.
    var members: [Int] {
        var members = [processID]
        var next = 0
        while next < members.count, members.count < Self.limit {
            members += children(of: members[next])
            next += 1
        }
        return members
    }

    private func children(of process: Int) -> [Int] {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
        return tasks.flatMap { task in
            (systemText("/proc/\(process)/task/\(task)/children") ?? "").split(separator: " ").compactMap { Int($0) }
        }
    }

    private func memory(of process: Int) -> Int? {
        if let rollup = systemText("/proc/\(process)/smaps_rollup"),
            let line = rollup.split(separator: "\n").first(where: { $0.hasPrefix("Pss:") }),
            let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        {
            return kibibytes << 10
        }
        let pages = systemText("/proc/\(process)/statm")?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return pages.map { $0 * sysconf(Int32(_SC_PAGESIZE)) }
    }

    private func systemText(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
}
