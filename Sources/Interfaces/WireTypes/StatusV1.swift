// SPDX-License-Identifier: Apache-2.0
/// `GET /v1/status`.
package struct StatusV1: Codable, Sendable, Equatable {
    package let version: String
    package let processID: Int
    package let startedAt: String
    /// Whether every endpoint has a verdict.
    package let ready: Bool
    package let engines: [EngineV1]
    package let endpoints: [EndpointV1]
    /// Resident memory of the server, in bytes.
    package let residentBytes: Int?
    /// Memory of all loaded models, and the most that it may be; absent where there is no limit.
    package let modelBytes: Int?
    package let memoryBudgetBytes: Int?
    /// Those that are open and that the token may see, the worst first; absent where nobody watches.
    package let alerts: [AlertV1]?

    package init(
        version: String, processID: Int, startedAt: String, ready: Bool, engines: [EngineV1],
        endpoints: [EndpointV1], residentBytes: Int?, modelBytes: Int? = nil, memoryBudgetBytes: Int? = nil,
        alerts: [AlertV1]? = nil
    ) {
        self.alerts = alerts
        self.modelBytes = modelBytes
        self.memoryBudgetBytes = memoryBudgetBytes
        self.version = version
        self.processID = processID
        self.startedAt = startedAt
        self.ready = ready
        self.engines = engines
        self.endpoints = endpoints
        self.residentBytes = residentBytes
    }
}

package struct EngineV1: Codable, Sendable, Equatable {
    package let name: String
    package let version: String?
    package let build: String?
    /// Why it cannot be used; absent when it can.
    package let problem: ProblemV1?

    package init(name: String, version: String?, build: String?, problem: ProblemV1?) {
        self.name = name
        self.version = version
        self.build = build
        self.problem = problem
    }
}

/// `GET /v1/logs`: the newest lines of the server's log, oldest first.
package struct LogsV1: Codable, Sendable, Equatable {
    package let lines: [String]

    package init(lines: [String]) { self.lines = lines }
}
