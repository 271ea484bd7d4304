// SPDX-License-Identifier: Apache-2.0
internal import InferenceServing
internal import ModelDomain
internal import ModelExecution
internal import Synchronization

/// From a version in the registry to one that may answer.
extension Rollouts {
    /// Loads a version on a loading thread, has it prove itself, and hands it to `body`, which lets it answer; or reports
    /// why it does not.
    ///
    /// - Parameters:
    ///   - device: What computes it.
    ///   - thread: Where it is loaded; by default where every change is.
    ///   - before: What callers of the endpoint send and get.
    ///   - installing: Whether to get what the version needs and the machine lacks.
    ///   - reopening: Whether nothing that is open already will do.
    func prove<Result: Sendable>(
        _ version: ModelVersion, at endpoint: EndpointName, on device: ComputeDevice, in thread: OwnThread? = nil,
        instead before: Signature? = nil, installing: Bool = false, reopening: Bool = false,
        _ body: @Sendable (LiveVersion) async throws -> Result
    ) async throws -> Result {
        var reservation: Reservation?
        defer { release(reservation) }
        let live: LiveVersion
        do {
            guard let bundle = version.bundle else {
                throw Refusal(
                    .versionNotReady, .conflict,
                    "Version \(version.number) of “\(version.model)” has no bundle yet.",
                    hint: "Pack and register one.")
            }
            let fetched = try await loader.fetch(bundle)
            reservation = try await reserve(fetched, at: endpoint, on: device)
            live = try await (thread ?? loading).perform(resumingOn: upkeep) { [self] in
                try load(fetched, as: version, on: device, installing: installing, reopening: reopening)
            }
            note(.proven, endpoint, version.model, version.number, live.proof.line)
            try requireSameSignature(live, as: before, at: endpoint)
            try await admit(live, at: endpoint, holding: reservation)
        } catch {
            let explanation = explain(error)
            note(
                .refused, endpoint, version.model, version.number, explanation.message,
                details: explanation.details.map(\.value))
            await returnMemory()
            throw error
        }
        return try await body(live)
    }

    /// Blocks.
    private func load(
        _ fetched: FetchedBundle, as version: ModelVersion, on device: ComputeDevice, installing: Bool, reopening: Bool
    ) throws -> LiveVersion {
        // Before anything is opened: it finds out whether that does harm.
        if installing { try loader.prepare(for: fetched) }
        try loader.warmUp(for: fetched, on: device)
        let shared = loader.openEngine(of: fetched, on: device)
        let traffic = { [self] in platform.withLock(\.traffic) }
        let (begun, files) = (growth.begin(traffic: traffic()), fetched.engineByteCount)
        let model: ProvenModel
        do {
            model = try loader.load(fetched, on: device, reopening: reopening)
        } catch {
            _ = growth.end(begun, fileBytes: files, traffic: traffic)
            throw error
        }
        let cost = RunCost(measuring: model)
        let (row, background) = (model.firstRow, model.realRows)
        let isShared = model.engine === shared
        // Files of an engine that was open already are in the heap since before.
        let grown = growth.end(begun, fileBytes: isShared ? 0 : files, traffic: traffic)
        let memory =
            isShared
            ? MemoryUse(own: grown, engine: max(files, sharedByteCount(of: model.engine)))
            : MemoryUse(engine: max(files, grown))
        return try LiveVersion(
            version: version, signature: fetched.manifest.signature, engine: model.engine, proof: model.verdict,
            cost: cost, limits: limits, exampleRow: row, background: background, memory: memory,
            policies: fetched.manifest.policies, subject: fetched.manifest.subject,
            engineIdentity: loader.identity(of: fetched.manifest.engine))
    }

    /// What was found when an engine was opened for another endpoint.
    private func sharedByteCount(of engine: any InferenceEngine) -> Int {
        platform.withLock { platform in
            platform.states.values.compactMap(\.live).filter { $0.engine === engine }.map(\.memory.engine).max() ?? 0
        }
    }

    /// Callers wrote their requests for what answers now; a version that they cannot feed needs an endpoint of its own.
    private func requireSameSignature(
        _ live: LiveVersion, as before: Signature?, at endpoint: EndpointName
    ) throws {
        guard let difference = before?.difference(from: live.signature) else { return }
        throw Refusal(
            .signatureChanged, .conflict,
            "Callers of “\(endpoint)” cannot be answered by version \(live.version.number): \(difference).",
            hint: "Deploy it to another endpoint with --endpoint NAME.")
    }
}
