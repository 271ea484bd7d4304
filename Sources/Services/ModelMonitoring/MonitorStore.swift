// SPDX-License-Identifier: Apache-2.0
package import DriftDetection
package import ModelDomain

/// One version on one endpoint: what is counted by itself.
package struct TrafficKey: Sendable, Hashable {
    package let project: ProjectName
    package let endpoint: EndpointName
    package let bundle: Digest

    package init(_ project: ProjectName, _ endpoint: EndpointName, _ bundle: Digest) {
        (self.project, self.endpoint, self.bundle) = (project, endpoint, bundle)
    }
}

/// A window with what it says.
package struct JudgedWindow: Sendable {
    package let window: OpenWindow.Closed
    package let verdict: WindowVerdict

    package init(_ window: OpenWindow.Closed, _ verdict: WindowVerdict) {
        (self.window, self.verdict) = (window, verdict)
    }
}

/// Where counts of traffic, and what they say, are kept for all servers. Every conforming type passes `MonitorStoreContract`.
package protocol MonitorStore: Sendable {
    func read<Result: Sendable>(_ body: @escaping @Sendable (any MonitorReading) throws -> Result) async throws
        -> Result

    /// All of the body's changes, or none. The body may run again from the start after a conflict with another writer: it must
    /// not have effects of its own.
    func write<Result: Sendable>(_ body: @escaping @Sendable (any MonitorWriting) throws -> Result) async throws
        -> Result
}

package protocol MonitorReading {
    /// What the traffic of a version is held against; `nil` where nothing was kept of it yet.
    func baseline(of key: TrafficKey) throws -> MonitorBaseline?
    /// Of that baseline: asked every few seconds, while the whole of it is long.
    func fingerprint(of key: TrafficKey) throws -> UInt64?
    func openWindow(of key: TrafficKey) throws -> OpenWindow?
    /// `nil` where no window was judged over this baseline.
    func watch(of key: TrafficKey, over baseline: MonitorBaseline) throws -> DriftWatch?
    /// The newest first.
    func windows(of key: TrafficKey, limit: Int) throws -> [JudgedWindow]
    /// The number of the newest window of each.
    func newestWindows() throws -> [TrafficKey: Int]
    /// The earliest first.
    func panes(of key: TrafficKey, _ length: PaneSeries.Length) throws -> [(start: Timestamp, pane: MonitorPane)]
}

package protocol MonitorWriting: MonitorReading {
    /// Begins to keep what comes to a version.
    func begin(_ key: TrafficKey, _ baseline: MonitorBaseline, at time: Timestamp) throws
    func setOpenWindow(_ window: OpenWindow, of key: TrafficKey, at time: Timestamp) throws
    func setWatch(_ watch: DriftWatch, of key: TrafficKey) throws
    /// - Parameter limit: Older ones are forgotten.
    func insert(_ window: JudgedWindow, of key: TrafficKey, atMost limit: Int) throws
    /// Adds to the panes of all lengths.
    func add(_ pane: MonitorPane, at time: Timestamp, of key: TrafficKey) throws
    /// Forgets versions of which nothing came since then.
    func forget(before time: Timestamp) throws
}
