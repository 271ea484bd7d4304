// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// Processor time of a process of this machine, as Linux counts it: user and system, all threads, in hundredths of a
/// second.
package enum ProcessorTime {
    /// - Returns: Seconds since the process began; `nil` when there is none, or another system counts otherwise.
    package static func seconds(of processID: Int) -> Double? { seconds(of: processID, andEndedChildren: false) }

    /// - Parameter andEndedChildren: Whether what children used that have ended counts as well.
    static func seconds(of processID: Int, andEndedChildren: Bool) -> Double? {
        guard let text = try? String(contentsOfFile: "/proc/\(processID)/stat", encoding: .utf8) else { return nil }
        return seconds(
            inStat: text, ticksPerSecond: sysconf(Int32(_SC_CLK_TCK)), andEndedChildren: andEndedChildren)
    }

    /// Seconds that this process has used, to the microsecond.
    package static var ownSeconds: Double {
        var time = timespec()
        guard unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return 0 }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// The name of a process; `nil` when there is none.
    package static func name(of processID: Int) -> String? {
        let text = try? String(contentsOfFile: "/proc/\(processID)/comm", encoding: .utf8)
        return text?.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Fields 14 and 15 of `/proc/PID/stat`, 16 and 17 of ended children, counted behind the name, which may hold blanks
    /// and brackets itself.
    static func seconds(inStat text: String, ticksPerSecond: Int, andEndedChildren: Bool = false) -> Double? {
        guard ticksPerSecond > 0, let bracket = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: bracket)...].split(separator: " ")
        let wanted = andEndedChildren ? 11...14 : 11...12
        guard fields.count > wanted.upperBound else { return nil }
        let ticks = fields[wanted].compactMap { Int($0) }
        guard ticks.count == wanted.count else { return nil }
        return ticks.reduce(0) { $0 + Double($1) } / Double(ticksPerSecond)
    }
}
