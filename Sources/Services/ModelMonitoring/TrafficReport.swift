// SPDX-License-Identifier: Apache-2.0
package import DriftDetection
package import ModelDomain

/// How the traffic of the version that answers on an endpoint compares with what it is held against.
package struct TrafficReport: Sendable {
    package let endpoint: MonitoredEndpoint
    /// `nil` until enough rows came to learn what there is no baseline for.
    package let baseline: MonitorBaseline?
    /// Rows that were learned from on this server, while they are.
    package let learning: (rows: Int, of: Int)?
    /// What has come since the last window.
    package let open: OpenWindow?
    /// The newest first.
    package let windows: [JudgedWindow]

    /// How things stand, in a word.
    package enum State: String, Sendable {
        /// Nothing came yet.
        case waiting
        case learning
        /// The first window is not full.
        case counting
        /// The newest window had too few rows to say anything.
        case insufficient
        /// Data quality is judged, drift not yet.
        case measuring
        case judged
    }

    package var state: State {
        guard baseline != nil else { return learning == nil ? .waiting : .learning }
        switch windows.first?.verdict.state {
        case nil: return .counting
        case .insufficient: return .insufficient
        case .measuringNoise: return .measuring
        case .judged: return .judged
        }
    }
}

extension TrafficMonitor {
    /// What the newest windows of all that answers here say.
    package func newest() async throws -> [TrafficKey: WindowVerdict] {
        try await newestVerdicts(of: endpoints().map(\.key)).mapValues(\.verdict)
    }

    /// - Parameter windows: At most so many.
    /// - Returns: `nil` where no version answers, or nothing is watched.
    package func report(of name: EndpointName, in project: ProjectName, windows: Int) async throws -> TrafficReport? {
        guard let endpoint = endpoints().first(where: { $0.key.endpoint == name && $0.key.project == project }) else {
            return nil
        }
        let learning = learning(of: endpoint.key)
        return try await store.read { store in
            TrafficReport(
                endpoint: endpoint, baseline: try store.baseline(of: endpoint.key), learning: learning,
                open: try store.openWindow(of: endpoint.key),
                windows: try store.windows(of: endpoint.key, limit: windows))
        }
    }
}
