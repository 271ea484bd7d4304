// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

extension ProjectTracking {
    /// The tag that a run's name is kept in too.
    static let runNameTag = "mlflow.runName"

    /// Starts a run.
    ///
    /// - Parameters:
    ///   - name: One is made up when neither this nor the tag `mlflow.runName` says what it is called.
    ///   - startedAt: Milliseconds since 1970; now when `nil`.
    /// - Throws: `TRK-001`, `TRK-008`; what is wrong with a tag.
    package func startRun(
        in id: ExperimentID, name: String?, user: String, startedAt: Int64?, tags: [KeyedText]
    ) async throws -> Run {
        try checkCount(tags.count, TrackingLimits.entitiesOfBatch, "tags")
        let tags = try tags.map(fittingTag)
        if let again = firstRepeated(tags.map(\.key)) { throw repeated("tag", again) }
        let tagged = tags.last { $0.key == Self.runNameTag }?.value
        let given = name.flatMap { $0.isEmpty ? nil : $0 }
        if let given, let tagged, given != tagged { throw TrackingError.namesDiffer(name: given, tag: tagged) }
        var generator = SystemRandomNumberGenerator()
        let runName = given ?? tagged ?? madeUpName(&generator)
        try checkLength(runName, TrackingLimits.runName, "name of a run")
        try checkLength(user, TrackingLimits.key, "user of a run")
        if let startedAt { try checkTime(startedAt, "start of a run") }
        let runID = RunID(random: &generator)
        let allTags = tags.filter { $0.key != Self.runNameTag } + [KeyedText(Self.runNameTag, runName)]
        return try await store.write { [project, now] transaction in
            let experiment = try transaction.active(id, in: project)
            let info = RunInfo(
                id: runID, experiment: experiment.id, name: runName, user: user, status: .running,
                startedAt: startedAt ?? now().milliseconds, endedAt: nil, isDeleted: false)
            try transaction.insert(info, tags: newest(of: allTags))
            var run = Run(info: info)
            run.tags = newest(of: allTags)
            return run
        }
    }

    /// Deleted ones too.
    ///
    /// - Throws: `TRK-002`.
    package func run(_ id: RunID) async throws -> Run {
        try await store.read { [project] store in
            _ = try store.known(id, in: project)
            guard let run = try store.runs([id]).first else { throw TrackingError.unknownRun(id.text) }
            return run
        }
    }

    /// - Throws: `TRK-002`.
    package func runInfo(_ id: RunID) async throws -> RunInfo {
        try await store.read { [project] in try $0.known(id, in: project) }
    }

    package func runs(of experiments: [ExperimentID], _ search: SearchRequest) async throws -> SearchPage<Run> {
        try await store.read { [project] store in
            let found = page(try store.runs(of: store.known(experiments, in: project), search), search)
            return SearchPage(items: try store.runs(found.items), nextOffset: found.nextOffset)
        }
    }

    /// Changes what is given.
    ///
    /// - Returns: The run as it is then.
    /// - Throws: `TRK-002`, `TRK-008`.
    package func update(
        _ id: RunID, name: String?, status: RunInfo.Status?, endedAt: Int64?
    ) async throws -> RunInfo {
        if let name { try checkLength(name, TrackingLimits.runName, "name of a run") }
        if let endedAt { try checkTime(endedAt, "end of a run") }
        return try await store.write { [project] transaction in
            var run = try transaction.active(id, in: project)
            run.status = status ?? run.status
            run.endedAt = endedAt ?? run.endedAt
            if let name, !name.isEmpty {
                run.name = name
                try transaction.setTag(Self.runNameTag, to: name, of: id)
            }
            try transaction.update(run)
            return run
        }
    }

    /// Takes a run out of sight, or brings it back; nothing happens when it is so already.
    ///
    /// - Throws: `TRK-002`.
    package func setDeleted(_ isDeleted: Bool, _ id: RunID) async throws {
        try await store.write { [project, now] transaction in
            let run = try transaction.known(id, in: project)
            guard run.isDeleted != isDeleted else { return }
            try transaction.setDeleted(isDeleted, id, at: now())
        }
    }
}

/// The first key that is there twice.
func firstRepeated(_ keys: [String]) -> String? {
    var seen: Set<String> = []
    return keys.first { !seen.insert($0).inserted }
}

func repeated(_ what: String, _ key: String) -> Refusal {
    Refusal(
        .duplicateName, .invalidInput, "The \(what) “\(key.prefix(200))” is there twice.", hint: "Send it once.")
}

/// The last one of each key, by key.
func newest(of texts: [KeyedText]) -> [KeyedText] {
    Dictionary(texts.map { ($0.key, $0.value) }) { _, last in last }
        .map { KeyedText($0.key, $0.value) }.sorted { $0.key < $1.key }
}

/// Something to call a run by, easier to remember than its id.
private func madeUpName(_ generator: inout some RandomNumberGenerator) -> String {
    let first = ["amber", "brisk", "calm", "deep", "eager", "fair", "green", "high", "keen", "light", "mild", "swift"]
    let second = [
        "anchor", "bay", "current", "delta", "ferry", "harbor", "island", "keel", "mast", "pier", "sail", "tide",
    ]
    let words = [first, second].map { $0[Int.random(in: 0..<$0.count, using: &generator)] }
    return "\(words[0])-\(words[1])-\(Int.random(in: 100...999, using: &generator))"
}
