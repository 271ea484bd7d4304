// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import ModelExecution
internal import Tensors

/// Who packs, with what, and when: what stands beside a bundle and never changes its digest.
package struct PackingStamp: Sendable {
    package let time: Timestamp
    /// The user of the machine.
    package let actor: String
    /// `slipway 0.1.0`.
    package let tool: String

    package init(time: Timestamp, actor: String, tool: String) {
        self.time = time
        self.actor = actor
        self.tool = tool
    }
}

struct Provenance {
    static let schema = "slipway.provenance/1"
    static let settingsKey = "endpoint_settings"

    let stamp: PackingStamp
    let model: ModelReference
    let endpoints: [EndpointName]
    let endpointSettings: [EndpointName: [EndpointSettings.Key: String]]
    /// The model file's path in its project.
    let source: String
    let engine: EngineIdentity
    let commit: SourceCommit?
    /// The data that examples and baseline were made from.
    let data: [BundleFile]
    let verdict: ProofVerdict
    let conversion: ConversionVerdict?

    /// Canonical JSON.
    var bytes: [UInt8] {
        let json = JSONValue.record([
            ("schema", .string(Self.schema)), ("model", .string(model.name.rawValue)),
            ("project", .string(model.project.rawValue)),
            ("endpoints", .array(endpoints.map { .string($0.rawValue) })), ("packed_at", .string(stamp.time.text)),
            (Self.settingsKey, settingsJSON), ("packed_by", .string(stamp.actor)),
            ("tool", .string(stamp.tool)), ("source", .string(source)),
            (
                "engine",
                .record([
                    ("name", .string(engine.name)), ("version", .string(engine.version)),
                    ("build", .string(engine.build)),
                ])
            ),
            (
                "git",
                commit.map {
                    .record([
                        ("commit", .string($0.commit)), ("dirty", .bool($0.isDirty)),
                        (
                            "patch",
                            $0.patch.map {
                                .record([
                                    ("sha256", .string(Digest(of: $0).hex)), ("bytes", .integer(Int64($0.count))),
                                ])
                            }
                        ),
                    ])
                }
            ),
            (
                "data",
                .array(
                    data.map { file in
                        .record([
                            ("path", .string(file.path)), ("sha256", .string(file.digest.hex)),
                            ("bytes", .integer(Int64(file.byteCount))),
                        ])
                    })
            ),
            (
                "proof",
                .record([
                    ("proven", .bool(verdict.isProven)), ("summary", .string(verdict.line)),
                    ("replayed", .integer(Int64(verdict.replayed))),
                    ("largest_difference", .double(verdict.largestDifference)),
                ])
            ),
            ("conversion", conversion?.json),
        ])
        return json.canonical
    }

    /// Left out where there are none.
    private var settingsJSON: JSONValue? {
        endpointSettings.isEmpty
            ? JSONValue?.none
            : .object(
                endpointSettings.map { name, settings in
                    (name.rawValue, .object(settings.map { ($0.key.rawValue, .string($0.value)) }))
                })
    }
}
