// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import InferenceServing
internal import ModelDomain
internal import NIOCore
internal import Tensors

/// What Triton's clients ask about the whole server: its repository and its statistics.
extension EventLoopSlot {
    /// `POST /v2/repository/index`: every endpoint with its state; with `{"ready": true}` those that answer.
    func repositoryIndex(_ body: ByteBuffer?) throws -> JSONValue {
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
        let entries = endpointNames.compactMap { name in table.endpoints[name].map { entry(name, $0) } }
        return .array(onlyReady ? entries.filter { $0["state"]?.string == "READY" } : entries)
    }

    private func entry(_ name: String, _ state: EndpointState) -> JSONValue {
        let version = state.live?.versionText ?? String(state.record.current.version)
        let word = state.live != nil ? "READY" : state.problem == nil ? "LOADING" : "UNAVAILABLE"
        return [
            "name": .string(name), "version": .string(version), "state": .string(word),
            "reason": .string(state.problem?.message ?? ""),
        ]
    }

    /// `GET /v2/models[/NAME[/versions/VERSION]]/stats`, in Triton's shape, since the server started.
    func statistics(of name: String?, version: String?) throws -> JSONValue {
        guard let name else {
            return [
                "model_stats": .array(
                    endpointNames.compactMap { name in table.endpoints[name].map { counts(name, $0) } })
            ]
        }
        let state = try table.endpoint(name)
        if let version { _ = try state.ready(version: version) }
        return ["model_stats": [counts(name, state)]]
    }

    private func counts(_ name: String, _ state: EndpointState) -> JSONValue {
        let counters = state.counters
        let succeeded = counters.succeeded
        let empty = timed(0, 0)
        let lastInference = counters.nanosecondsSinceLastInference.map {
            Int64(time(nil)) * 1000 - Int64($0 / 1_000_000)
        }
        return [
            "name": .string(name),
            "version": .string(state.live?.versionText ?? String(state.record.current.version)),
            "last_inference": .integer(lastInference ?? 0),
            "inference_count": .integer(Int64(counters.rows)), "execution_count": .integer(Int64(succeeded)),
            "inference_stats": [
                "success": timed(succeeded, counters.successNanoseconds),
                "fail": timed(counters.failed, counters.failureNanoseconds),
                "queue": timed(succeeded, counters.queueNanoseconds),
                // Decoding and writing are not timed apart from the request.
                "compute_input": empty, "compute_infer": timed(succeeded, counters.runNanoseconds),
                "compute_output": empty, "cache_hit": empty, "cache_miss": empty,
            ],
            "response_stats": [:], "batch_stats": [], "memory_usage": [],
        ]
    }

    private func timed(_ count: Int, _ nanoseconds: Int) -> JSONValue {
        ["count": .integer(Int64(count)), "ns": .integer(Int64(nanoseconds))]
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
