// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import ModelRegistry

/// The model, endpoint and alias that contracts and tests speak about.
package let churn = makeModel("churn")
package let churnEndpoint: EndpointName = makeName("churn")
package let champion: AliasName = makeName("champion")

/// A name that is known to be one.
package func makeName<Name: GivenName>(_ text: String) -> Name {
    guard let name = Name(rawValue: text) else { preconditionFailure("“\(text)” is no name") }
    return name
}

package func makeModel(_ name: String) -> ModelReference { ModelReference(name: makeName(name)) }

package func makeVersion(
    _ number: Int, of model: ModelReference = makeModel("churn"), bundle: String = "bundle"
) -> ModelVersion {
    ModelVersion(
        model: model, number: number, bundle: Digest(of: bundle.utf8), provenance: Digest(of: "provenance".utf8),
        status: .ready, origin: .original, createdAt: Timestamp(microseconds: 1_700_000_000_000_001),
        createdBy: "alice")
}

package func makeDeployment(_ generation: Int, version: Int, base: Int?, at time: Int64) -> Deployment {
    Deployment(
        generation: generation, model: makeModel("churn"), version: version, restores: nil, base: base,
        createdAt: Timestamp(microseconds: time), createdBy: "alice")
}

package func makeChange(actor: String) -> LedgerChange {
    LedgerChange(
        actor: actor, action: "model.register", object: "model/default/churn/1", before: nil, after: "sha256:00",
        reason: nil)
}

/// The entry that comes behind the newest one.
package func nextEntry(in store: any RegistryReading, actor: String = "alice") throws -> LedgerEntry {
    let head = try store.ledgerHead()
    return LedgerEntry(
        sequence: (head?.sequence ?? -1) + 1, time: Timestamp(microseconds: 42), change: makeChange(actor: actor),
        after: head?.chain)
}
