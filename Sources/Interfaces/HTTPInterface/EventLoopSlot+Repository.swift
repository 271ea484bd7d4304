// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
internal import Glibc
internal import InferenceProtocol
internal import InferenceServing
internal import ModelDomain
internal import NIOCore
internal import Tensors

/// What Triton's clients ask about the whole server: its repository and its statistics.
extension EventLoopSlot {
    /// `POST /v2/repository/index`: every endpoint with its state; with `{"ready": true}` those that answer.
    func repositoryIndex(_ body: ByteBuffer?, for principal: Principal?) throws -> JSONValue {
        var onlyReady = false
        if let body, body.readableBytes > 0 {
            let value = try unsafe body.withUnsafeReadableBytes { try unsafe JSONValue.parse($0, limits: .small) }
            guard let members = value.members else {
                throw CodecError(.type, "expected an object like {\"ready\": true}")
            }
            for (name, value) in members {
                guard name == "ready", let flag = value.bool else {
                    throw CodecError(.unknownName, "expected “ready” with true or false", field: name)
                }
                onlyReady = flag
            }
        }
        let entries = table.endpoints(for: principal).map { entry($0.name, $0.state) }
        return .array(onlyReady ? entries.filter { $0["state"]?.string == "READY" } : entries)
    }

    private func entry(_ name: String, _ state: EndpointState) -> JSONValue {
        [
            "name": .string(name), "version": .string(state.versionText), "state": .string(state.stateWord),
            "reason": .string(state.stateReason),
        ]
    }

    /// `GET /v2/models[/NAME[/versions/VERSION]]/stats`, in Triton's shape, since the server started.
    func statistics(of name: String?, version: String?, for principal: Principal?) throws -> JSONValue {
        guard let name else {
            return ["model_stats": .array(table.endpoints(for: principal).map { counts($0.name, $0.state) })]
        }
        let state = try table.endpoint(name)
        if let version { try state.requireAnswer(version: version) }
        return ["model_stats": [counts(name, state)]]
    }

    private func counts(_ name: String, _ state: EndpointState) -> JSONValue {
        let statistics = InferenceStatistics(state.counters)
        let lastInference = statistics.nanosecondsSinceLast.map { Int64(time(nil)) * 1000 - Int64($0 / 1_000_000) }
        return [
            "name": .string(name),
            "version": .string(state.versionText),
            "last_inference": .integer(lastInference ?? 0),
            "inference_count": .integer(Int64(statistics.inferenceCount)),
            "execution_count": .integer(Int64(statistics.executionCount)),
            "inference_stats": [
                "success": timed(statistics.success), "fail": timed(statistics.failure),
                "queue": timed(statistics.queue), "compute_input": timed(statistics.computeInput),
                "compute_infer": timed(statistics.computeInfer), "compute_output": timed(statistics.computeOutput),
                "cache_hit": timed(statistics.cacheHit), "cache_miss": timed(statistics.cacheMiss),
            ],
            "response_stats": [:],
            "batch_stats": .array(
                statistics.batches.map { batch in
                    [
                        "batch_size": .integer(Int64(batch.rowCount)), "compute_input": timed(batch.input),
                        "compute_infer": timed(batch.compute), "compute_output": timed(batch.output),
                    ]
                }),
            "memory_usage": [],
        ]
    }

    private func timed(_ times: InferenceStatistics.Times) -> JSONValue {
        ["count": .integer(Int64(times.count)), "ns": .integer(Int64(times.nanoseconds))]
    }
}

extension CodecLimits {
    /// For bodies that say what to do, rather than what to predict.
    static let small = {
        var limits = CodecLimits()
        limits.maxBodyBytes = 1 << 16
        limits.maxElements = 1000
        limits.maxDepth = 8
        return limits
    }()
}
