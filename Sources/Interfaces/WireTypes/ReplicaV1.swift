// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
package import PlatformReplicas

/// A server process of the platform.
package struct ReplicaV1: Codable, Sendable, Equatable {
    /// What a replica has at an endpoint.
    package struct Endpoint: Codable, Sendable, Equatable {
        package let project: String
        package let name: String
        /// Of the deployment that it knows of.
        package let generation: Int
        /// `ready`, `cold` (loaded when somebody asks) or `failing`.
        package let state: String
        /// What answers there; absent for nothing.
        package let answering: String?
        /// Why that is not what is wanted.
        package let problem: String?

        init(_ endpoint: ObservedEndpoint) {
            project = endpoint.project.rawValue
            name = endpoint.endpoint.rawValue
            generation = endpoint.generation
            state = endpoint.state.rawValue
            answering = endpoint.answering
            problem = endpoint.problem
        }
    }

    package let id: String
    /// Four hexadecimal digits that stand in the ids of its predictions, behind the first of the fourth group.
    package let number: String
    package let host: String
    package let processID: Int
    /// Absent until it listens.
    package let url: String?
    /// Of the program.
    package let version: String
    /// `live`, or `lost`: not heard of for 15 seconds.
    package let state: String
    /// RFC 3339.
    package let startedAt: String
    /// Since it was last heard of.
    package let heartbeatAgeSeconds: Double
    package let endpoints: [Endpoint]
    /// What it alone does at the moment: `clearing`, `following`, `graphs`, `alerts`.
    package let work: [String]

    package init(_ record: ReplicaRecord) {
        id = record.replica.id
        let digits = String(record.number, radix: 16)
        number = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        host = record.replica.host
        processID = record.replica.processID
        url = record.replica.url
        version = record.replica.version
        state = record.isLive ? "live" : "lost"
        startedAt = record.startedAt.text
        heartbeatAgeSeconds = (record.silence / .milliseconds(1)).rounded() / 1000
        endpoints = record.endpoints.map(Endpoint.init)
        work = record.work.map(\.rawValue)
    }
}
