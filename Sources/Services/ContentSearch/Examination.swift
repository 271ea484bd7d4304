// SPDX-License-Identifier: Apache-2.0
internal import ExperimentTracking
internal import ModelDomain
internal import ModelExecution
internal import ModelRegistry

/// A data set that somebody looks for, and what it is known to consist of.
struct WantedDataset: Sendable {
    let reference: DatasetNaming
    let contents: Set<Digest>

    init(_ reference: DatasetNaming, contents: Set<Digest>) {
        self.reference = reference
        self.contents = contents
    }

    /// Why a file is what is looked for; `nil` when it is not.
    func why(path: String, _ digest: Digest) -> String? {
        if contents.contains(digest) { return "it is a part of that version" }
        switch reference {
        case .digest(let prefix): return prefix.matches(digest) ? "its content has that digest" : nil
        case .name(let name):
            let isNamed = path == name || path.split(separator: "/").last.map(String.init) == name
            return isNamed ? "it was packed with a file of that name" : nil
        case .version: return nil
        }
    }

    /// The same of what a run read.
    func why(_ key: DatasetKey) -> String? {
        // `slipway run start` gives as much of the digest as a client of MLflow may.
        if key.digest.utf8.count >= DigestPrefix.fewestDigits,
            contents.contains(where: { $0.hex.hasPrefix(key.digest) })
        {
            return "its run read it"
        }
        switch reference {
        case .digest(let prefix):
            return key.digest.lowercased().hasPrefix(prefix.digits) ? "its run read it: MLflow's digest" : nil
        case .name(let name): return key.name == name ? "its run read it" : nil
        case .version(let name, let version):
            return key.name == name && key.digest.hasPrefix(version) ? "its run read it" : nil
        }
    }
}

/// One search, version by version.
struct Examination {
    let search: ContentSearch
    let question: ContentQuestion
    let engines: [EngineIdentity]
    let sees: @Sendable (ProjectName) -> Bool
    let dataset: WantedDataset?
    /// What the runs read that made the versions which are looked into.
    let inputs: [VersionKey: [RunInput]]
    /// What the beginning of a digest turned out to stand for.
    private var contents: Set<Digest> = []
    /// Where a version comes from, for graphs that share it.
    private var origins: [VersionKey: (findings: [ContentFinding], gaps: [String])] = [:]

    init(
        search: ContentSearch, question: ContentQuestion, engines: [EngineIdentity],
        sees: @escaping @Sendable (ProjectName) -> Bool, dataset: WantedDataset?,
        inputs: [VersionKey: [RunInput]]
    ) {
        self.search = search
        self.question = question
        self.engines = engines
        self.sees = sees
        self.dataset = dataset
        self.inputs = inputs
    }

    /// - Returns: `findings` is `nil` unless everything that is looked for is there.
    mutating func examine(
        _ version: ModelVersion?, at place: ExaminedPlace
    ) async -> (findings: [ContentFinding]?, gaps: [String]) {
        guard let version else { return (nil, ["there is no such version any more"]) }
        guard let bundle = version.bundle else {
            // What its run read is known all the same.
            guard dataset != nil, question.digest == nil, question.library == nil else {
                return (nil, ["it has no bundle yet"])
            }
            let (findings, gaps) = await origin(of: version)
            return (findings.isEmpty ? nil : findings, gaps)
        }
        let inside: BundleContents
        do {
            inside = try await search.reader.contents(of: bundle)
        } catch {
            return (nil, ["its bundle \(bundle.short) cannot be read: \(reason(error))"])
        }
        var parts: [(findings: [ContentFinding], gaps: [String])] = []
        if let digest = question.digest { parts.append((find(digest, in: inside, version), [])) }
        if let library = question.library {
            let found = await find(library, in: inside, version, at: place)
            parts.append((found.findings, inside.gaps.map(\.reason) + found.gaps))
        }
        if dataset != nil { parts.append(await findData(of: version, inside)) }
        // What is certainly missing leaves nothing open.
        guard !parts.contains(where: { $0.findings.isEmpty && $0.gaps.isEmpty }) else { return (nil, []) }
        let isThere = !parts.contains { $0.findings.isEmpty }
        return (isThere ? parts.flatMap(\.findings) : nil, unique(parts.flatMap(\.gaps)))
    }

    /// - Throws: `IN-006` when the beginning of a digest stands for several contents.
    func requireOneContent() throws(Refusal) {
        guard contents.count > 1, let digest = question.digest else { return }
        throw Refusal(
            .outOfRange, .conflict, "Several contents have a digest that begins with \(digest.digits).",
            hint: "Write more digits of it.",
            details: [.init("field", "digest")] + contents.sorted().prefix(10).map { .init("content", $0.description) })
    }

    // MARK: Files

    private mutating func find(
        _ digest: DigestPrefix, in inside: BundleContents, _ version: ModelVersion
    ) -> [ContentFinding] {
        var findings: [ContentFinding] = []
        for file in inside.files where digest.matches(file.digest) {
            contents.insert(file.digest)
            findings.append(
                ContentFinding(
                    kind: .file, path: file.path, what: file.digest.description,
                    why: file.digest == version.bundle ? "it is the bundle itself" : "the bundle has this file"))
        }
        if let provenance = version.provenance, digest.matches(provenance) {
            contents.insert(provenance)
            findings.append(
                ContentFinding(
                    kind: .file, path: "provenance.json", what: provenance.description,
                    why: "it says where the bundle comes from"))
        }
        return findings
    }

    // MARK: Libraries

    private func find(
        _ wanted: PackageRequirement, in inside: BundleContents, _ version: ModelVersion, at place: ExaminedPlace
    ) async -> (findings: [ContentFinding], gaps: [String]) {
        var findings: [ContentFinding] = []
        var gaps: [String] = []
        func compare(_ name: String, _ text: String, _ kind: ContentFinding.Kind, _ path: String, _ why: String) {
            guard normalisedPackageName(name) == wanted.name else { return }
            switch wanted.holds(of: text) {
            case true?: findings.append(ContentFinding(kind: kind, path: path, what: "\(name) \(text)", why: why))
            case false?: break
            case nil: gaps.append("\(name) \(text) in “\(path)” cannot be compared: it is no version by PEP 440")
            }
        }
        for library in inside.libraries {
            compare(library.name, library.version, .library, library.path, "its environment has it")
        }
        // Engines that are a part of this program have its version.
        let names = Set(inside.engines.map(\.name))
        if names.contains(wanted.name) || (wanted.name == Product.name && names != [EngineName.native]) {
            let isHere = place.state == .live || place.state == .cold
            for engine in inside.engines where isHere {
                guard let identity = engines.first(where: { $0.name == engine.name }) ?? own(engine.name) else {
                    gaps.append("the engine “\(engine.name)” of this server is not known")
                    continue
                }
                for (name, text) in identity.names {
                    compare(name, text, .engine, engine.path, "this server answers with it\(identity.buildWords)")
                }
            }
            do {
                if let digest = version.provenance, let proved = try await search.reader.provenance(digest).engine {
                    for (name, text) in proved.names {
                        compare(
                            name, text, .engine, "provenance.json",
                            "it was proved with it when it was packed\(proved.buildWords)")
                    }
                }
            } catch {
                gaps.append("its provenance cannot be read: \(reason(error))")
            }
        }
        return (unique(findings), gaps)
    }

    private func own(_ engine: String) -> EngineIdentity? {
        guard [EngineName.forest, EngineName.graph, EngineName.worker].contains(engine) else { return nil }
        return EngineIdentity(name: engine, version: "1", build: Product.version)
    }

    // MARK: Data

    private mutating func findData(
        of version: ModelVersion, _ inside: BundleContents
    ) async -> (findings: [ContentFinding], gaps: [String]) {
        var (findings, gaps) = await origin(of: version)
        // Which parts it has may be in what could not be read.
        gaps += inside.gaps.filter { $0.of == .everything }.map(\.reason)
        for component in inside.components {
            let key = VersionKey(model: component.model, number: component.number)
            let found: (findings: [ContentFinding], gaps: [String])
            if let known = origins[key] {
                found = known
            } else {
                found = await origin(of: component)
                origins[key] = found
            }
            let name = "\(component.model)@\(component.number)"
            findings += found.findings.map { finding in
                ContentFinding(
                    kind: finding.kind, path: "\(component.folder): \(finding.path)", what: finding.what,
                    why: "of \(name): \(finding.why)")
            }
            gaps += found.gaps.map { "\(name), which it holds a copy of: \($0)" }
        }
        return (findings, gaps)
    }

    private func origin(
        of component: BundleContents.Component
    ) async -> (findings: [ContentFinding], gaps: [String]) {
        // Nothing is told of other projects, not even whether it is there.
        guard sees(component.model.project) else { return ([], ["it is of a project that the token is not for"]) }
        do {
            let versions = try await search.registry.versions([(component.model, component.number)])
            guard let version = versions.first.flatMap(\.self) else {
                return ([], ["there is no such version any more"])
            }
            return await origin(of: version)
        } catch {
            return ([], [reason(error)])
        }
    }

    /// The data of one version: what it was packed with, and what its run read.
    private func origin(of version: ModelVersion) async -> (findings: [ContentFinding], gaps: [String]) {
        guard let dataset else { return ([], []) }
        var findings: [ContentFinding] = []
        var gaps: [String] = []
        do {
            if let digest = version.provenance {
                for file in try await search.reader.provenance(digest).data {
                    guard let why = dataset.why(path: file.path, file.digest) else { continue }
                    findings.append(
                        ContentFinding(
                            kind: .data, path: file.path, what: file.digest.description, why: why))
                }
            }
        } catch {
            gaps.append("its provenance cannot be read: \(reason(error))")
        }
        do {
            let key = VersionKey(model: version.model, number: version.number)
            let read = if let known = inputs[key] { known } else { try await search.inputs(of: [key])[key] ?? [] }
            for (run, input) in read.map({ ($0.run, $0.input) }) {
                guard let why = dataset.why(input.key) else { continue }
                let context = input.tags.first { $0.key == DatasetInput.contextTag }.map { " for \($0.value)" } ?? ""
                findings.append(
                    ContentFinding(
                        kind: .dataset, path: "run \(run.text)", what: "\(input.key.name)@\(input.key.digest)",
                        why: why + context))
            }
        } catch {
            gaps.append("what its run read cannot be looked up: \(reason(error))")
        }
        return (unique(findings), gaps)
    }
}

private func unique<Element: Hashable>(_ elements: [Element]) -> [Element] {
    var seen: Set<Element> = []
    return elements.filter { seen.insert($0).inserted }
}

extension EngineIdentity {
    /// What people call it: parts of this program have its version.
    fileprivate var names: [(name: String, version: String)] {
        [EngineName.forest, EngineName.graph, EngineName.worker].contains(name)
            ? [(name, build), (Product.name, build)] : [(name, version)]
    }

    fileprivate var buildWords: String { name == EngineName.native && !build.isEmpty ? ", build \(build)" : "" }
}
