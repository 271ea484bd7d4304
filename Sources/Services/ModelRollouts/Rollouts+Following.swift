// SPDX-License-Identifier: Apache-2.0
internal import InferenceServing
package import ModelDomain
internal import ModelRegistry
internal import PlatformReplicas
internal import Synchronization

/// Endpoints that answer with whatever an alias of their model stands for: moving the alias deploys.
///
/// The proof is the gate: a version that does not reproduce its recorded answers is refused as in any deployment, and the
/// endpoint goes on with the one that it has.
extension Rollouts {
    /// Packs a version that was only registered, and has an endpoint answer with it.
    package typealias Packing =
        @Sendable (
            _ model: ModelReference, _ version: Int, _ endpoint: EndpointName, _ reason: String
        ) async throws -> Void

    /// The endpoints that follow an alias of a model, by name.
    package func followers(of alias: AliasName, model: ModelReference) -> [EndpointName] {
        platform.withLock { platform in
            platform.states.values.map(\.record)
                .filter { $0.settings.follow == alias && $0.current.model == model }.map(\.name).sorted()
        }
    }

    /// Has every follower of an alias answer with the version that it stands for now.
    ///
    /// - Parameters:
    ///   - actor: Who moved the alias.
    ///   - pack: For versions that have no bundle yet.
    package func follow(
        _ alias: AliasName, of model: ModelReference, by actor: String, packing pack: Packing?
    ) async {
        do {
            // Somebody else may be at it: then this one finds it done.
            try await replicas.alone(.following, waiting: .seconds(120)) { [self] in
                await followAlone(alias, of: model, by: actor, packing: pack)
            }
        } catch {
            for endpoint in followers(of: alias, model: model) {
                note(.refused, endpoint, model, 0, "not followed to @\(alias): \(explain(error).message)")
            }
        }
    }

    private func followAlone(
        _ alias: AliasName, of model: ModelReference, by actor: String, packing pack: Packing?
    ) async {
        for endpoint in followers(of: alias, model: model) {
            let reason = "alias \(alias) moved"
            var number = 0
            do {
                let version = try await registry.version(.alias(alias), of: model)
                number = version.number
                guard state(of: endpoint)?.record.current.version != version.number else { continue }
                if version.bundle == nil, let pack {
                    try await pack(model, version.number, endpoint, reason)
                } else {
                    _ = try await deploy(
                        model, version: String(version.number), to: endpoint, by: actor, reason: reason)
                }
                unfollowed.withLock { $0[endpoint] = nil }
            } catch {
                unfollowed.withLock { $0[endpoint] = number }
                // The deployment has said which rows differ; what comes before it has said nothing yet.
                note(.refused, endpoint, model, number, "not followed to @\(alias): \(explain(error).message)")
            }
        }
    }

    /// Does for every alias that is followed what a server that was not there could not do when it moved. Nothing, while
    /// another server does.
    package func catchUp(packing pack: Packing?) async {
        guard !(await outdatedFollowers()).isEmpty else { return }
        try? await replicas.alone(.following) { [self] in await catchUpAlone(packing: pack) }
    }

    private func catchUpAlone(packing pack: Packing?) async {
        for one in await outdatedFollowers() {
            await followAlone(one.alias, of: one.model, by: Self.actor, packing: pack)
        }
    }

    /// What is followed, and does not stand for what answers; without what is known not to.
    private func outdatedFollowers() async -> Set<FollowedAlias> {
        let followers = platform.withLock { platform in
            platform.states.values.map(\.record).compactMap { record in
                record.settings.follow.map { (record.name, record.current, $0) }
            }
        }
        var outdated: Set<FollowedAlias> = []
        for (name, current, alias) in followers {
            guard let version = try? await registry.version(.alias(alias), of: current.model),
                version.number != current.version, unfollowed.withLock({ $0[name] }) != version.number
            else { continue }
            outdated.insert(FollowedAlias(model: current.model, alias: alias))
        }
        return outdated
    }
}

private struct FollowedAlias: Hashable {
    let model: ModelReference
    let alias: AliasName
}
