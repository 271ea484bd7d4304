// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// What the program as a whole takes, under the names that Prometheus' own clients use.
package struct ProcessMetrics: Sendable {
    package let cpuNanoseconds: Int
    package let residentBytes: Int
    package let virtualBytes: Int
    package let openFiles: Int
    package let openFileLimit: Int
    package let threads: Int
    /// Since 1970.
    package let startNanoseconds: Int
    /// Lines that the log could not write.
    package let lostLogLines: Int

    package init(
        cpuNanoseconds: Int, residentBytes: Int, virtualBytes: Int, openFiles: Int, openFileLimit: Int, threads: Int,
        startNanoseconds: Int, lostLogLines: Int
    ) {
        self.cpuNanoseconds = cpuNanoseconds
        self.residentBytes = residentBytes
        self.virtualBytes = virtualBytes
        self.openFiles = openFiles
        self.openFileLimit = openFileLimit
        self.threads = threads
        self.startNanoseconds = startNanoseconds
        self.lostLogLines = lostLogLines
    }

    func write(into text: MetricsText) {
        let none = MetricLabels()
        text.family("process_cpu_seconds_total", .counter, "Processor time of the server, its workers not included.")
        text.sample("process_cpu_seconds_total", none, nanoseconds: cpuNanoseconds)
        text.family("process_start_time_seconds", .gauge, "When the server started, in seconds since 1970.")
        text.sample("process_start_time_seconds", none, nanoseconds: startNanoseconds)
        let gauges: [(name: String, help: String, value: Int)] = [
            ("process_resident_memory_bytes", "Memory that it holds.", residentBytes),
            ("process_virtual_memory_bytes", "Addresses that it has taken.", virtualBytes),
            ("process_open_fds", "Files and sockets that are open.", openFiles),
            ("process_max_fds", "How many may be.", openFileLimit),
            ("process_threads", "Its threads.", threads),
        ]
        for (name, help, value) in gauges {
            text.family(name, .gauge, help)
            text.sample(name, none, value)
        }
        text.family("slipway_log_lines_lost_total", .counter, "Lines of the server's log that could not be written.")
        text.sample("slipway_log_lines_lost_total", none, lostLogLines)
    }
}

/// The machine's date.
func currentNanosecondsSince1970() -> Int {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
}
