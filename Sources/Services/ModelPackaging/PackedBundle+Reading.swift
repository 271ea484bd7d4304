// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import ModelExecution
internal import Tensors

extension PackedBundle {
    /// Whether `folder` holds a bundle rather than a project.
    package static func isBundle(_ folder: any ProjectFolder) throws -> Bool {
        try folder.contains(BundleManifest.fileName) && !folder.contains(ProjectFile.fileName)
    }

    /// Reads a bundle that was packed before, and has it prove itself again.
    ///
    /// - Throws: `PRJ-009` naming what was changed since it was packed; ``ProofFailed``; the engine's own refusals.
    package init(reading folder: any ProjectFolder, runtimes: RuntimeLookup) throws {
        let bytes = try folder.read(BundleManifest.fileName, limit: 16 << 20)
        let manifest = try BundleManifest(manifest: bytes)
        guard manifest.canonicalBytes == bytes else { throw FieldReader.damaged("its manifest is not canonical") }
        for file in manifest.files where try folder.describe(file.path) != file {
            throw FieldReader.damaged("“\(file.path)” is not what was packed")
        }
        let provenanceBytes = try folder.read(Self.provenanceName, limit: 16 << 20)
        let provenance = try FieldReader(document: provenanceBytes, what: "provenance")
        var examples: [Example] = []
        if let proof = manifest.proof {
            let format = try ExampleFormat(signature: manifest.signature, outputs: proof.outputs)
            examples = try format.read(lines: try folder.read(proof.examples, limit: ExampleFormat.byteLimit))
        }
        let runtime = try runtimes(manifest.engine)
        let model = try folder.modelFile(manifest.model)
        // It may have been packed elsewhere.
        try runtime.prepare(for: model)
        let proven = try ProvenModel(
            proving: PreparedBundle(manifest: manifest, model: model, examples: examples), on: runtime)
        let endpoints = try provenance.texts("endpoints").map { name throws(Refusal) in try EndpointName(name) }
        self.init(
            model: ModelReference(
                project: try ProjectName(provenance.text("project")), name: try ModelName(provenance.text("model"))),
            endpoints: endpoints,
            endpointSettings: try provenance.endpointSettings(of: endpoints),
            manifest: manifest, provenanceBytes: provenanceBytes, patch: try provenance.patch(in: folder),
            contents: manifest.files.map { ($0, .file($0.path)) }, folder: folder, verdict: proven.verdict, notes: [])
    }

    /// The same bundle under another name: names stand beside a bundle, and never in its digest.
    package func renamed(_ name: ModelName?, project: ProjectName?) throws -> PackedBundle {
        guard name != nil || project != nil else { return self }
        let model = ModelReference(project: project ?? model.project, name: name ?? model.name)
        let endpoints = try name.map { [try EndpointName($0.rawValue)] } ?? endpoints
        var provenance = try JSONValue.parse(provenanceBytes).members ?? []
        for index in provenance.indices {
            switch provenance[index].name {
            case "model": provenance[index].value = .string(model.name.rawValue)
            case "project": provenance[index].value = .string(model.project.rawValue)
            case "endpoints": provenance[index].value = .array(endpoints.map { .string($0.rawValue) })
            default: break
            }
        }
        // Settings belong to the endpoints that were named with them.
        let settings = name == nil ? endpointSettings : [:]
        provenance.removeAll { $0.name == Provenance.settingsKey && settings.isEmpty }
        return PackedBundle(
            model: model, endpoints: endpoints, endpointSettings: settings, manifest: manifest,
            provenanceBytes: JSONValue.object(provenance).canonical, patch: patch, contents: contents, folder: folder,
            verdict: verdict, conversion: conversion, notes: notes)
    }
}

extension FieldReader {
    /// The patch that the provenance names; `nil` where it names none, or somebody took the file away.
    ///
    /// - Throws: `PRJ-009` when it is another one.
    fileprivate func patch(in folder: any ProjectFolder) throws -> [UInt8]? {
        guard let named = try optionalFields("git")?.optionalFields("patch"),
            try folder.contains(PackedBundle.patchName)
        else { return nil }
        let bytes = try folder.read(PackedBundle.patchName, limit: SourceCommit.patchByteLimit)
        guard try Digest(of: bytes).hex == named.text("sha256") else {
            throw FieldReader.damaged("“\(PackedBundle.patchName)” is not what was packed")
        }
        return bytes
    }

    fileprivate func endpointSettings(
        of endpoints: [EndpointName]
    ) throws(Refusal) -> [EndpointName: [EndpointSettings.Key: String]] {
        var settings: [EndpointName: [EndpointSettings.Key: String]] = [:]
        guard let all = try optionalFields(Provenance.settingsKey) else { return settings }
        for endpoint in endpoints {
            guard let own = try all.optionalFields(endpoint.rawValue) else { continue }
            for key in EndpointSettings.Key.allCases {
                settings[endpoint, default: [:]][key] = try own.optionalText(key.rawValue)
            }
            _ = try EndpointSettings(settings[endpoint] ?? [:])
        }
        return settings
    }
}
