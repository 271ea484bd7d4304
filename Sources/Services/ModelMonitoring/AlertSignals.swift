// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// What a server knows of one of its endpoints. Numbers that only grow count from the server's start.
package struct EndpointSignals: Sendable, Codable, Hashable {
    package let project: String
    package let name: String
    /// Whether something answers, or will when it is asked.
    package let answers: Bool
    /// Why that is nothing, or not what is wanted.
    package let problem: String?
    package let answered: Int
    /// Of ``answered``, those that the model failed to answer.
    package let failed: Int
    /// Not computed because more came than can be answered: neither a caller's own limits nor callers that had gone.
    package let refused: Int
    /// Those whose time is known.
    package let timed: Int
    /// The objective of the 99th percentile, in nanoseconds.
    package let objective: Int?
    /// Of ``timed``, those that certainly took longer than the objective.
    package let slow: Int
    /// Processes of its model that ended by themselves.
    package let losses: Int
    /// Predictions that were not written down.
    package let logDrops: Int

    package init(
        project: ProjectName, name: EndpointName, answers: Bool, problem: String?, answered: Int, failed: Int,
        refused: Int, timed: Int, objective: Int?, slow: Int, losses: Int, logDrops: Int
    ) {
        self.project = project.rawValue
        self.name = name.rawValue
        self.answers = answers
        self.problem = problem
        self.answered = answered
        self.failed = failed
        self.refused = refused
        self.timed = timed
        self.objective = objective
        self.slow = slow
        self.losses = losses
        self.logDrops = logDrops
    }
}

/// What a server knows of itself at one moment.
package struct ReplicaSignals: Sendable, Codable, Hashable {
    /// Of the process: one that starts again counts from nothing.
    package let replica: String
    package let host: String
    /// Whether every endpoint has come back since the start.
    package let isComplete: Bool
    package let endpoints: [EndpointSignals]
    /// Room where its data is, in bytes; `nil` where that cannot be told.
    package let freeBytes: Int?
    package let totalBytes: Int?
    /// When its certificate ends, in microseconds since 1970; `nil` for a server without one.
    package let certificateEnd: Int64?

    package init(
        replica: String, host: String, isComplete: Bool, endpoints: [EndpointSignals], freeBytes: Int?,
        totalBytes: Int?, certificateEnd: Timestamp?
    ) {
        self.replica = replica
        self.host = host
        self.isComplete = isComplete
        self.endpoints = endpoints
        self.freeBytes = freeBytes
        self.totalBytes = totalBytes
        self.certificateEnd = certificateEnd?.microseconds
    }
}

/// What tells how things stand on this server.
package protocol SignalSource: Sendable {
    func signals() async -> ReplicaSignals
}
