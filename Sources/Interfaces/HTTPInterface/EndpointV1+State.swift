// SPDX-License-Identifier: Apache-2.0
internal import InferenceServing
internal import ModelDomain
internal import ModelExecution
internal import Tensors
internal import WireTypes

extension EndpointV1 {
    /// - Parameter service: Decides where calls run.
    init(_ state: EndpointState, on service: InferenceService) {
        let (record, live) = (state.record, state.live)
        self.init(
            name: record.name.rawValue, project: record.project.rawValue, generation: record.current.generation,
            model: record.current.model.description, wantedVersion: record.current.version,
            liveVersion: live?.version.number, ready: live != nil && state.problem == nil,
            proof: live.map { ProofV1($0.proof) }, problem: state.problem.map { ProblemV1($0) },
            requests: RequestCountsV1(state),
            signature: live.map { SignatureV1($0.signature) }, oneRowMicroseconds: live?.cost.oneRowMicroseconds,
            predictPath: "/v1/endpoints/\(record.name)/predict",
            runsOn: live.map { service.placement(of: $0, at: record, rowCount: 1, byteCount: 0).rawValue },
            settings: Dictionary(
                uniqueKeysWithValues: record.settings.allTexts.map { ($0.key.rawValue, $0.value) }))
    }
}

extension RequestCountsV1 {
    fileprivate init(_ state: EndpointState) {
        let (counters, admission) = (state.counters, state.admission)
        let refused = RefusalCause.allCases.map { ($0.rawValue, counters.refused($0)) }
        self.init(
            accepted: counters.accepted, answered: counters.answered, failed: counters.failed,
            refused: Dictionary(uniqueKeysWithValues: refused.filter { $0.1 > 0 }), waiting: admission.waiting,
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
