// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// One server process of a platform, as it says of itself.
package struct Replica: Sendable, Hashable {
    /// Of this process and no other: a server that starts again is another replica.
    package let id: String
    /// The machine that it runs on, for people.
    package let host: String
    /// The data folder, of which one server at a time has the lock. Shown to nobody.
    package let place: String
    package let processID: Int
    /// Of the program.
    package let version: String
    /// The newest step of the tables that the program knows.
    package let schema: Int
    /// Where it is reached; `nil` until it listens.
    package var url: String?

    package init(
        id: String, host: String, place: String, processID: Int, version: String, schema: Int, url: String? = nil
    ) {
        self.id = id
        self.host = host
        self.place = place
        self.processID = processID
        self.version = version
        self.schema = schema
        self.url = url
    }
}

/// What a replica has at an endpoint, beside what is wanted there.
package struct ObservedEndpoint: Sendable, Hashable {
    package enum State: String, Sendable {
        /// The wanted version answers.
        case ready
        /// It is loaded when somebody asks.
        case cold
        /// Another one answers, or none.
        case failing
    }

    package let project: ProjectName
    package let endpoint: EndpointName
    /// Of the deployment that it knows of.
    package let generation: Int
    package let state: State
    /// `default/churn version 3`, the one that answers; `nil` where none does.
    package let answering: String?
    /// Why it is not the wanted one.
    package let problem: String?

    package init(
        project: ProjectName, endpoint: EndpointName, generation: Int, state: State, answering: String?,
        problem: String?
    ) {
        self.project = project
        self.endpoint = endpoint
        self.generation = generation
        self.state = state
        self.answering = answering
        self.problem = problem
    }
}

/// A replica as the others see it.
package struct ReplicaRecord: Sendable, Hashable {
    package let replica: Replica
    /// In its ids of predictions.
    package let number: UInt16
    package let startedAt: Timestamp
    /// Since it was last heard of, by the database's clock.
    package let silence: Duration
    /// By project and name.
    package let endpoints: [ObservedEndpoint]
    /// What it alone does at the moment.
    package let work: [SingleWork]

    package init(
        replica: Replica, number: UInt16, startedAt: Timestamp, silence: Duration, endpoints: [ObservedEndpoint],
        work: [SingleWork]
    ) {
        self.replica = replica
        self.number = number
        self.startedAt = startedAt
        self.silence = silence
        self.endpoints = endpoints
        self.work = work
    }

    /// Whether it was heard of in time.
    package var isLive: Bool { silence < Replicas.patience }
}
