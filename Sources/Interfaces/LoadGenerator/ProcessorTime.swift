// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// Processor time of a process of this machine, as Linux counts it: user and system, all threads, in hundredths of a
/// second.
package enum ProcessorTime {
    /// - Returns: Seconds since the process began; `nil` when there is none, or another system counts otherwise.
    package static func seconds(of processID: Int) -> Double? {
        guard let text = try? String(contentsOfFile: "/proc/\(processID)/stat", encoding: .utf8) else { return nil }
        return seconds(inStat: text, ticksPerSecond: sysconf(Int32(_SC_CLK_TCK)))
    }

    /// The name of a process; `nil` when there is none.
    package static func name(of processID: Int) -> String? {
        let text = try? String(contentsOfFile: "/proc/\(processID)/comm", encoding: .utf8)
        return text?.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Fields 14 and 15 of `/proc/PID/stat`, counted behind the name, which may hold blanks and brackets itself.
    static func seconds(inStat text: String, ticksPerSecond: Int) -> Double? {
        guard ticksPerSecond > 0, let bracket = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: bracket)...].split(separator: " ")
        guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else { return nil }
        return (Double(user) + Double(system)) / Double(ticksPerSecond)
    }
}
