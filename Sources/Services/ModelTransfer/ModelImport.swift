// SPDX-License-Identifier: Apache-2.0
package import ExperimentTracking
package import ModelDomain
package import ModelExecution
package import ModelRegistry
internal import Tensors

/// Takes a version in that another platform wrote down. Nothing answers before it has proven itself here.
package struct ModelImport: Sendable {
    private let tracking: any TrackingStore
    private let registrations: any RegistrationStore
    private let blobs: any BlobStore
    private let now: @Sendable () -> Timestamp

    /// The tag with the digest of what the other ledger says.
    package static let evidenceTag = "slipway.evidence"

    package init(
        tracking: any TrackingStore, registrations: any RegistrationStore, blobs: any BlobStore,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.tracking = tracking
        self.registrations = registrations
        self.blobs = blobs
        self.now = now
    }

    /// What was taken in, or was here already.
    package struct Outcome: Sendable {
        package let model: ModelReference
        package let number: Int
        package let bundle: Digest
        package let isNew: Bool
        package let run: String?
        package let loggedModel: String?
    }

    /// - Parameters:
    ///   - document: The digest of a ``TransferDocument`` that was brought to the store like the contents that it names.
    ///   - name: What to call the model; `nil` for its own name.
    /// - Throws: `BAK-001`; `REG-007` naming a content that was not brought; `TRK-011` when there is a run or a logged model
    ///   of the same name with something else in it.
    package func take(
        _ document: Digest, named name: ModelName?, into project: ProjectName, by actor: String
    ) async throws -> Outcome {
        let document = try TransferDocument(try await blobs.read(document, limit: TransferDocument.limit))
        try await check(document)
        let model = ModelReference(project: project, name: name ?? document.model.name)
        let time = now()
        try await registrations.write { store in
            guard try !store.hasProject(project) else { return }
            try store.insertProject(project, at: time)
            try LedgerWriter(store, by: actor, at: time).append("project.create", "project/\(project)")
        }
        // First where it comes from: a version never names what is not there.
        let experiment = try await tracking.write { store in
            try takeLineage(document.json, into: project, store, at: time)
        }
        return try await registrations.write { [now] store in
            let log = try LedgerWriter(store, by: actor, reason: nil, at: now())
            return try register(document, as: model, oldExperiment: experiment, store, log)
        }
    }

    /// Everything that is named is here and whole as far as it is opened.
    private func check(_ document: TransferDocument) async throws {
        for content in document.contents {
            // Asking keeps it from being cleared away for a day.
            guard try await blobs.contains(content.digest) else {
                throw Refusal(
                    .contentMissing, .conflict, "The content \(content.digest.short) has not been uploaded.",
                    hint: "Upload it with PUT /v1/blobs/\(content.digest) first; `slipway model import` does.",
                    details: [.init("role", content.role)])
            }
        }
        let manifest = try BundleManifest(manifest: try await blobs.read(document.bundle, limit: 16 << 20))
        let named = Set(document.contents.map(\.digest))
        for file in manifest.files where !named.contains(file.digest) {
            throw unusable("it has not “\(file.path)” of its bundle")
        }
        for section in ["run", "logged_model"] {
            for file in try document.json.optionalRecord(section)?.list("files") ?? [] {
                guard named.contains(try file.digest("sha256")) else {
                    throw unusable("it has not “\(try file.text("path").prefix(100))” of its \(section)")
                }
            }
        }
    }
}

/// - Returns: The experiment's number here and there, where there is one.
private func takeLineage(
    _ document: JSONValue, into project: ProjectName, _ store: any TrackingWriting, at time: Timestamp
) throws -> (here: ExperimentID, there: Int64)? {
    guard let described = document.optionalRecord("experiment") else { return nil }
    let name = try described.text("name")
    let experiment: ExperimentID
    if let known = try store.experiment(named: name, in: project) {
        experiment = known.id
    } else {
        experiment = try store.makeExperiment(
            named: name, in: project, number: nil, tags: try described.texts("tags"), at: time)
    }
    if let json = document.optionalRecord("logged_model") {
        try take(model: json, in: experiment, project, store, time)
    }
    if let json = document.optionalRecord("run") { try take(run: json, in: experiment, project, store, time) }
    return (experiment, try described.number("number"))
}

private func take(
    run json: JSONValue, in experiment: ExperimentID, _ project: ProjectName, _ store: any TrackingWriting,
    _ time: Timestamp
) throws {
    let info = try TransferredRun.runInfo(json, in: experiment)
    if let known = try store.runs([info.id]).first {
        let files = try store.artifacts(below: .files(of: known.info), limit: Int(Int32.max))
        try requireSame(
            try TransferredRun.json(known, in: store, files: files), json, "run", info.id.text,
            isOurs: try store.experiment(known.info.experiment)?.project == project)
        return
    }
    try store.insert(info, tags: try json.texts("tags"))
    try store.insertParams(try json.texts("params"), of: info.id)
    try store.append(try TransferredRun.points(json), to: info.id)
    try store.insert(try TransferredRun.datasets(json), of: info.id)
    try store.insert(inputModels: try TransferredRun.inputModels(json), of: info.id)
    try store.insert(try TransferredRun.outputModels(json), of: info.id)
    try store.update(info)
    for file in try TransferredRun.files(json, below: .files(of: info), at: time) { try store.setArtifact(file) }
}

private func take(
    model json: JSONValue, in experiment: ExperimentID, _ project: ProjectName, _ store: any TrackingWriting,
    _ time: Timestamp
) throws {
    let model = try TransferredRun.loggedModel(json, in: experiment, at: time)
    if let known = try store.loggedModel(model.id) {
        let files = try store.artifacts(below: .files(of: known.id, in: known.experiment), limit: Int(Int32.max))
        try requireSame(
            TransferredRun.json(known, files: files), json, "logged model", model.id.text,
            isOurs: try store.experiment(known.experiment)?.project == project)
        return
    }
    try store.insert(model)
    let files = try TransferredRun.files(json, below: .files(of: model.id, in: experiment), at: time)
    for file in files { try store.setArtifact(file) }
}

/// - Throws: `TRK-011` unless what is here is what comes.
private func requireSame(
    _ here: JSONValue, _ coming: JSONValue, _ kind: String, _ id: String, isOurs: Bool
) throws {
    // What is written and read again has the form in which it came.
    let here = try JSONValue.parse(here.canonical)
    guard isOurs else {
        throw Refusal(
            .recordDiffers, .conflict, "There is a \(kind) \(id) already, in another project.",
            hint: "Import the model into that project.")
    }
    let differing =
        (coming.members ?? []).map(\.name).filter { here[$0]?.canonical != coming[$0]?.canonical }
        + (here.members ?? []).map(\.name).filter { coming[$0] == nil }
    guard let first = differing.first else { return }
    throw Refusal(
        .recordDiffers, .conflict,
        "There is a \(kind) \(id) already, with other \(first.split(separator: "_").joined(separator: " ")) than the one that comes.",
        hint: "Delete it here if it is not wanted, or leave this model where it is; nothing was changed.",
        details: differing.map { .init("differs", $0) })
}

private func register(
    _ document: TransferDocument, as model: ModelReference, oldExperiment: (here: ExperimentID, there: Int64)?,
    _ store: any RegistrationWriting, _ log: LedgerWriter
) throws -> ModelImport.Outcome {
    let json = document.json
    let version = try json.record("version")
    let run = json.optionalRecord("run")?.optionalText("id")
    let loggedModel = json.optionalRecord("logged_model")?.optionalText("id")
    func outcome(_ number: Int, isNew: Bool) -> ModelImport.Outcome {
        ModelImport.Outcome(
            model: model, number: number, bundle: document.bundle, isNew: isNew, run: run, loggedModel: loggedModel)
    }
    let known = try store.versionRecords(of: model).first {
        $0.version.bundle == document.bundle && $0.registration.run == version.optionalText("run")
    }
    if let known { return outcome(known.version.number, isNew: false) }
    if try store.registeredModel(model) == nil {
        try store.insertModel(model, description: json.optionalText("description"), at: log.time)
        for tag in try json.texts("tags") { try store.setTag(tag.key, to: tag.value, of: model, at: log.time) }
    }
    let number = try store.lastNumber(of: model) + 1
    try store.insert(
        ModelVersion(
            model: model, number: number, bundle: document.bundle, provenance: document.provenance, status: .ready,
            origin: version.optionalText("origin").flatMap { ExampleOrigin(rawValue: $0) }, createdAt: log.time,
            createdBy: try version.text("created_by")))
    try store.setRegistration(
        Registration(
            source: version.optionalText("source").map { translated($0, oldExperiment) },
            run: version.optionalText("run"), runLink: version.optionalText("run_link"),
            loggedModel: version.optionalText("logged_model")), of: number, model: model)
    try store.setDescription(version.optionalText("description"), of: number, model: model, at: log.time)
    for tag in try version.texts("tags") where tag.key != ModelImport.evidenceTag {
        try store.setTag(tag.key, to: tag.value, of: number, model: model, at: log.time)
    }
    let evidence = try json.digest("evidence")
    try store.setTag(ModelImport.evidenceTag, to: evidence.description, of: number, model: model, at: log.time)
    try log.append(
        "model.import", "model/\(model.project)/\(model.name)/\(number)",
        before: "\(document.model.project)/\(document.model.name) version \(document.number) of another platform",
        after: "\(document.bundle)", evidence: "ledger=\(evidence)")
    return outcome(number, isNew: true)
}

/// A place of files names the experiment by its number, which is another here.
private func translated(_ source: String, _ experiment: (here: ExperimentID, there: Int64)?) -> String {
    guard let experiment else { return source }
    let old = "mlflow-artifacts:/\(experiment.there)/"
    return source.hasPrefix(old) ? "mlflow-artifacts:/\(experiment.here)/" + source.dropFirst(old.count) : source
}
