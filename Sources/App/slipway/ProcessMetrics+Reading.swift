// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPInterface

/// What this process takes, as `/proc` tells it.
///
/// - Returns: `nil` where the system has no `/proc`.
func processMetrics(lostLogLines: Int) -> ProcessMetrics? {
    // Behind the name, which is in parentheses and may hold anything: the third field of the table in proc(5) is the first.
    guard let stat = systemText("/proc/self/stat"), let name = stat.lastIndex(of: ")") else { return nil }
    let fields = stat[name...].split(separator: " ").dropFirst().map { Int($0) ?? 0 }
    guard fields.count > 21, let boot = bootSeconds else { return nil }
    let tick = 1_000_000_000 / max(1, sysconf(Int32(_SC_CLK_TCK)))
    var limit = rlimit()
    _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return ProcessMetrics(
        cpuNanoseconds: (fields[11] + fields[12]) * tick, residentBytes: fields[21] * sysconf(Int32(_SC_PAGESIZE)),
        virtualBytes: fields[20],
        openFiles: (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0,
        openFileLimit: Int(clamping: limit.rlim_cur), threads: fields[17],
        startNanoseconds: boot * 1_000_000_000 + fields[19] * tick, lostLogLines: lostLogLines)
}

/// When the machine started, in seconds since 1970.
private let bootSeconds = systemText("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
    .flatMap { Int($0.dropFirst("btime ".count)) }
