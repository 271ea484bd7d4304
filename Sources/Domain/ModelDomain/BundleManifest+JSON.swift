// SPDX-License-Identifier: Apache-2.0
package import Tensors

extension BundleManifest {
    /// The manifest as canonical JSON (RFC 8785).
    package var canonicalBytes: [UInt8] { json.canonical }

    package var json: JSONValue {
        .record([
            ("schema", .string(Self.schema)), ("engine", .string(engine)), ("model", .string(model)),
            ("task", task.map(JSONValue.string)), ("signature", signature.json), ("proof", proof?.json),
            ("baseline", baseline.map(JSONValue.string)),
            ("fields", policies.isEmpty ? nil : .object(policies.map { ($0.key, .string($0.value.rawValue)) })),
            ("subject", subject.map(JSONValue.string)),
            (
                "files",
                .array(
                    files.map { file in
                        .record([
                            ("path", .string(file.path)), ("sha256", .string(file.digest.hex)),
                            ("bytes", .integer(Int64(file.byteCount))),
                        ])
                    })
            ),
        ])
    }

    /// Reads a manifest that came from outside.
    ///
    /// - Throws: `PRJ-009` that names what is missing or of another kind.
    package init(manifest bytes: [UInt8]) throws(Refusal) {
        let fields = try FieldReader(document: bytes, what: "manifest")
        guard try fields.text("schema") == Self.schema else {
            throw FieldReader.damaged("its schema is not \(Self.schema)")
        }
        let signature = try Signature(fields.fields("signature"))
        let files = try fields.list("files").map { file throws(Refusal) in
            guard let digest = Digest(try file.text("sha256")) else { throw FieldReader.damaged("a digest is broken") }
            return try BundleFile(path: file.text("path"), digest: digest, byteCount: file.count("bytes"))
        }
        self.init(
            engine: try fields.text("engine"), model: try fields.text("model"), task: try fields.optionalText("task"),
            signature: signature, proof: try fields.optionalFields("proof").map(Proof.init),
            baseline: try fields.optionalText("baseline"), policies: try fieldPolicies(in: fields),
            subject: try fields.optionalText("subject"), files: files)
        if let subject, !signature.layout.fields.contains(where: { $0.name == subject }) {
            throw FieldReader.damaged("the model takes no “\(subject)”, which is to say whom a row is about")
        }
        if let proof, proof.outputs.isEmpty { throw FieldReader.damaged("its examples hold no answers") }
        for path in [model, proof?.examples, baseline].compactMap(\.self) where file(path) == nil {
            throw FieldReader.damaged("“\(path)” is not among its files")
        }
        guard Set(self.files.map(\.path)).count == self.files.count else {
            throw FieldReader.damaged("a file is listed twice")
        }
        let folders = Set(self.files.flatMap { foldersAbove($0.path) })
        for file in self.files where folders.contains(file.path) {
            throw FieldReader.damaged("“\(file.path)” is a file and a folder")
        }
    }
}

private func fieldPolicies(in fields: FieldReader) throws(Refusal) -> [String: FieldPolicy] {
    guard let named = try fields.optionalFields("fields") else { return [:] }
    var policies: [String: FieldPolicy] = [:]
    for name in named.names {
        guard let policy = FieldPolicy(rawValue: try named.text(name)) else {
            throw FieldReader.damaged("what is kept of “\(name)” is not known")
        }
        policies[name] = policy
    }
    return policies
}

extension BundleManifest.Proof {
    fileprivate var json: JSONValue {
        let replay: JSONValue =
            switch replayAtStart {
            case .all: .string("all")
            case .atMost(let count): .integer(Int64(count))
            }
        return .record([
            ("examples", .string(examples)), ("count", .integer(Int64(count))), ("origin", .string(origin.rawValue)),
            ("outputs", .array(outputs.map(JSONValue.string))),
            (
                "tolerance",
                .record([
                    ("absolute", .double(tolerance.absolute)), ("relative", .double(tolerance.relative)),
                    ("same_decision", .bool(tolerance.sameDecision)),
                ])
            ),
            ("replay_at_start", replay), ("edges", edgeCount == 0 ? nil : .integer(Int64(edgeCount))),
        ])
    }

    fileprivate init(_ fields: FieldReader) throws(Refusal) {
        guard let origin = ExampleOrigin(rawValue: try fields.text("origin")) else {
            throw FieldReader.damaged("the origin of its examples is not known")
        }
        let tolerance = try fields.fields("tolerance")
        self.init(
            examples: try fields.text("examples"), count: try fields.count("count"), origin: origin,
            outputs: try fields.texts("outputs"),
            tolerance: Tolerance(
                absolute: try tolerance.number("absolute"), relative: try tolerance.number("relative"),
                sameDecision: try tolerance.flag("same_decision")),
            replayAtStart: try fields.optionalText("replay_at_start") == "all"
                ? .all : .atMost(fields.count("replay_at_start")),
            edgeCount: fields.has("edges") ? try fields.count("edges") : 0)
    }
}

/// `a` and `a/b` of `a/b/c`.
private func foldersAbove(_ path: String) -> [String] {
    path.indices.filter { path[$0] == "/" }.map { String(path[..<$0]) }
}
