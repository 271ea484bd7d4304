// SPDX-License-Identifier: Apache-2.0
internal import InferenceServing
internal import ModelDomain
internal import ModelExecution
internal import Tensors
internal import WireTypes

extension EndpointV1 {
    /// - Parameters:
    ///   - service: Decides where calls run.
    ///   - isBrief: Whether to leave out what does not change while a version answers.
    init(_ state: EndpointState, on service: InferenceService, isBrief: Bool = false) {
        let (record, live) = (state.record, state.live)
        self.init(
            name: record.name.rawValue, project: record.project.rawValue, generation: record.current.generation,
            model: record.current.model.description, wantedVersion: record.current.version,
            liveVersion: live?.version.number, ready: state.answers && state.problem == nil,
            proof: live.map { ProofV1($0.proof) }, problem: state.problem.map { ProblemV1($0) },
            requests: RequestCountsV1(state),
            signature: isBrief ? nil : live.map { SignatureV1($0.signature) },
            oneRowMicroseconds: live?.cost.oneRowMicroseconds,
            predictPath: "/v1/endpoints/\(record.name)/predict",
            runsOn: live.map { service.placement(of: $0, at: record, rowCount: 1, byteCount: 0).rawValue },
            settings: isBrief
                ? [:]
                : Dictionary(uniqueKeysWithValues: record.settings.allTexts.map { ($0.key.rawValue, $0.value) }),
            steps: isBrief
                ? nil : live.flatMap { live in live.engine.steps.isEmpty ? nil : live.engine.steps.map(StepV1.init) },
            batching: isBrief ? nil : live.map { BatchingV1(service.batching(of: $0, at: record), $0.batching) },
            times: StageTimesV1(state.counters), cache: state.cache.map { CacheV1($0, state.counters) },
            cold: state.isCold ? true : nil, ownBytes: live?.memory.own, engineBytes: live?.memory.engine)
    }
}

extension BatchingV1 {
    fileprivate init(_ verdict: BatchingVerdict, _ found: VersionBatching) {
        self.init(
            joins: verdict.joins, reason: verdict.reason, rowCap: verdict.rowCap, rowLimit: verdict.most,
            calls: found.calls, requests: found.requests, rows: found.rows)
    }
}

extension StageTimesV1 {
    fileprivate init(_ counters: EndpointCounters) {
        self.init(
            predictions: counters.succeeded, decodeNanoseconds: counters.decodeNanoseconds,
            queueNanoseconds: counters.queueNanoseconds,
            batchNanoseconds: counters.assemblyNanoseconds + counters.splittingNanoseconds,
            computeNanoseconds: counters.runNanoseconds, encodeNanoseconds: counters.encodeNanoseconds)
    }
}

extension CacheV1 {
    fileprivate init(_ cache: ResponseCache, _ counters: EndpointCounters) {
        let contents = cache.contents
        self.init(
            byteLimit: cache.byteLimit, byteCount: contents.bytes, entries: contents.entries,
            hits: counters.cacheHits, misses: counters.cacheMisses)
    }
}

extension StepV1 {
    fileprivate init(_ counts: StepCounts) {
        self.init(
            name: counts.name, kind: counts.kind, calls: counts.calls, rows: counts.rows, failures: counts.failures,
            cachedRows: counts.cachedRows, nanoseconds: counts.nanoseconds)
    }
}

extension RequestCountsV1 {
    fileprivate init(_ state: EndpointState) {
        let (counters, admission) = (state.counters, state.admission)
        let refused = RefusalCause.allCases.map { ($0.rawValue, counters.refused($0)) }
        self.init(
            accepted: counters.accepted, answered: counters.answered, failed: counters.failed,
            refused: Dictionary(uniqueKeysWithValues: refused.filter { $0.1 > 0 }),
            waiting: admission.waiting + state.awakening.waiting,
            running: admission.running, concurrency: state.record.settings.concurrency ?? admission.concurrency,
            rows: counters.rows, queueNanoseconds: counters.queueNanoseconds,
            runNanoseconds: counters.runNanoseconds)
    }
}

extension RunCost {
    /// `nil` when it could not be measured.
    fileprivate var oneRowMicroseconds: Double? {
        oneRowNanoseconds == .max ? nil : Double(oneRowNanoseconds) / 1000
    }
}

extension ProofV1 {
    fileprivate init(_ verdict: ProofVerdict) {
        self.init(
            proven: verdict.isProven, origin: verdict.origin.rawValue, summary: verdict.line,
            replayed: verdict.replayed, recorded: verdict.recorded, largestDifference: verdict.largestDifference)
    }
}

extension SignatureV1 {
    fileprivate init(_ signature: Signature) {
        self.init(
            inputs: signature.inputs.map(TensorV1.init), outputs: signature.outputs.map(TensorV1.init),
            columns: signature.layout.fields.map(\.name))
    }
}

extension SignatureV1.TensorV1 {
    fileprivate init(_ spec: TensorSpec) {
        self.init(name: spec.name, datatype: spec.datatype.rawValue, shape: spec.shape.map { $0.size ?? -1 })
    }
}
