// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

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

    package init(
        version: String, processID: Int, startedAt: String, ready: Bool, engines: [EngineV1],
        endpoints: [EndpointV1], residentBytes: Int?, modelBytes: Int? = nil, memoryBudgetBytes: Int? = nil
    ) {
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

/// `GET /v1/ledger`: oldest first.
package struct LedgerV1: Codable, Sendable, Equatable {
    package let entries: [Entry]

    package struct Entry: Codable, Sendable, Equatable {
        package let sequence: Int
        package let time: String
        package let actor: String
        package let action: String
        package let object: String
        package let before: String?
        package let after: String?
        package let reason: String?
        /// The hash that chains this entry to everything before it.
        package let chain: String

        package init(_ entry: LedgerEntry) {
            sequence = entry.sequence
            time = entry.time.text
            actor = entry.change.actor
            action = entry.change.action
            object = entry.change.object
            before = entry.change.before
            after = entry.change.after
            reason = entry.change.reason
            chain = entry.chain.hex
        }
    }

    package init(entries: [Entry]) { self.entries = entries }
}

/// `GET /v1/ledger/endpoints/{name}?at=`: what answered there at that moment.
package struct EndpointMomentV1: Codable, Sendable, Equatable {
    package let endpoint: String
    package let project: String
    /// RFC 3339.
    package let at: String
    /// `model/PROJECT/NAME/NUMBER`; `nil` when nothing answered.
    package let version: String?
    /// `sha256:…` of what that version was made of then.
    package let bundle: String?
    /// By which entry it came to answer, or ceased to; `nil` when nothing had happened there yet.
    package let because: LedgerV1.Entry?
    /// By which entry that version came to be.
    package let registered: LedgerV1.Entry?

    package init(
        endpoint: String, project: String, at: String, version: String?, bundle: String?, because: LedgerEntry?,
        registered: LedgerEntry?
    ) {
        self.endpoint = endpoint
        self.project = project
        self.at = at
        self.version = version
        self.bundle = bundle
        self.because = because.map(LedgerV1.Entry.init)
        self.registered = registered.map(LedgerV1.Entry.init)
    }
}

/// `GET /v1/ledger/verification`.
package struct LedgerVerificationV1: Codable, Sendable, Equatable {
    package let verifiedEntries: Int

    package init(verifiedEntries: Int) { self.verifiedEntries = verifiedEntries }
}

/// `GET /v1/logs`: the newest lines of the server's log, oldest first.
package struct LogsV1: Codable, Sendable, Equatable {
    package let lines: [String]

    package init(lines: [String]) { self.lines = lines }
}
