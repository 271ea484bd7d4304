// SPDX-License-Identifier: Apache-2.0

/// An endpoint: what is wanted, what answers, and on what evidence.
package struct EndpointV1: Codable, Sendable, Equatable {
    package let name: String
    package let project: String
    package let generation: Int
    package let model: String
    /// The version of the newest deployment.
    package let wantedVersion: Int
    /// The version that answers; absent when none does.
    package let liveVersion: Int?
    /// Whether the wanted version is the one that answers.
    package let ready: Bool
    package let proof: ProofV1?
    package let problem: ProblemV1?
    package let requests: RequestCountsV1
    package let signature: SignatureV1?
    /// Measured time of a call with one row, in microseconds.
    package let oneRowMicroseconds: Double?
    /// Path that takes rows.
    package let predictPath: String
    /// Where a call with one row runs: `inline` or `lane`; absent when nothing answers.
    package let runsOn: String?
    /// Every setting as people write it, defaults included.
    package let settings: [String: String]
    /// What the steps of a graph have done since it was loaded; absent for other models.
    package let steps: [StepV1]?
    /// Absent when nothing answers.
    package let batching: BatchingV1?
    package let times: StageTimesV1?
    /// Absent where no answers are kept.
    package let cache: CacheV1?
    /// Whether the first request has the wanted version loaded; absent when it is not so.
    package let cold: Bool?
    /// Memory of the version that answers, in bytes: of its own, and of its engine, which others with the same model file
    /// share.
    package let ownBytes: Int?
    package let engineBytes: Int?
    /// The rest is there in `GET /v1/status`.
    package var recent: RecentV1?
    /// Of predictions since the server started.
    package var durations: [DurationBucketV1]?
    /// Absent where nothing is kept.
    package var log: LogCountsV1?
    /// What watching has found; absent where nobody watches.
    package var drift: FindingV1?
    package var quality: FindingV1?

    package init(
        name: String, project: String, generation: Int, model: String, wantedVersion: Int, liveVersion: Int?,
        ready: Bool, proof: ProofV1?, problem: ProblemV1?, requests: RequestCountsV1, signature: SignatureV1?,
        oneRowMicroseconds: Double?, predictPath: String, runsOn: String?, settings: [String: String],
        steps: [StepV1]? = nil, batching: BatchingV1? = nil, times: StageTimesV1? = nil, cache: CacheV1? = nil,
        cold: Bool? = nil, ownBytes: Int? = nil, engineBytes: Int? = nil
    ) {
        self.batching = batching
        self.times = times
        self.cache = cache
        self.cold = cold
        self.ownBytes = ownBytes
        self.engineBytes = engineBytes
        self.name = name
        self.project = project
        self.generation = generation
        self.model = model
        self.wantedVersion = wantedVersion
        self.liveVersion = liveVersion
        self.ready = ready
        self.proof = proof
        self.problem = problem
        self.requests = requests
        self.signature = signature
        self.oneRowMicroseconds = oneRowMicroseconds
        self.predictPath = predictPath
        self.runsOn = runsOn
        self.settings = settings
        self.steps = steps
    }
}

/// A step of a graph, and what it has done.
package struct StepV1: Codable, Sendable, Equatable {
    package let name: String
    /// `transform`, `model` or `combine`.
    package let kind: String
    package let calls: Int
    package let rows: Int
    package let failures: Int
    /// Rows whose answers were kept from before.
    package let cachedRows: Int
    package let nanoseconds: Int

    package init(
        name: String, kind: String, calls: Int, rows: Int, failures: Int, cachedRows: Int, nanoseconds: Int
    ) {
        self.name = name
        self.kind = kind
        self.calls = calls
        self.rows = rows
        self.failures = failures
        self.cachedRows = cachedRows
        self.nanoseconds = nanoseconds
    }
}

/// What the last replay of the recorded examples found.
package struct ProofV1: Codable, Sendable, Equatable {
    /// Whether agreement was shown with the original model.
    package let proven: Bool
    package let origin: String
    /// The verdict in one line.
    package let summary: String
    package let replayed: Int
    package let recorded: Int
    package let largestDifference: Double

    package init(
        proven: Bool, origin: String, summary: String, replayed: Int, recorded: Int, largestDifference: Double
    ) {
        self.proven = proven
        self.origin = origin
        self.summary = summary
        self.replayed = replayed
        self.recorded = recorded
        self.largestDifference = largestDifference
    }
}

package struct SignatureV1: Codable, Sendable, Equatable {
    package let inputs: [TensorV1]
    package let outputs: [TensorV1]
    /// Names of the values of a row, in order.
    package let columns: [String]

    /// A tensor's declaration; −1 stands for a size that each request decides.
    package struct TensorV1: Codable, Sendable, Equatable {
        package let name: String
        package let datatype: String
        package let shape: [Int]

        package init(name: String, datatype: String, shape: [Int]) {
            self.name = name
            self.datatype = datatype
            self.shape = shape
        }
    }

    package init(inputs: [TensorV1], outputs: [TensorV1], columns: [String]) {
        self.inputs = inputs
        self.outputs = outputs
        self.columns = columns
    }
}

/// An endpoint with its history, newest deployment first.
package struct EndpointHistoryV1: Codable, Sendable, Equatable {
    package let endpoint: EndpointV1
    package let deployments: [DeploymentV1]

    package init(endpoint: EndpointV1, deployments: [DeploymentV1]) {
        self.endpoint = endpoint
        self.deployments = deployments
    }
}
