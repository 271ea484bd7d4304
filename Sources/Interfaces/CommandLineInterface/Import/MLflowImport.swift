// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ExperimentTracking
internal import ModelDomain

/// Brings a store of MLflow's to a server, thing by thing. What cannot be brought is written down, and the rest goes on.
struct MLflowImport {
    /// As many as the server takes at once.
    private static let pointsAtOnce = 10_000
    private static let namesAtOnce = 500

    let records: any ForeignStore
    let files: any ForeignFiles
    /// `nil` to bring nothing.
    let client: SlipwayClient?
    let project: ProjectName

    func run() async throws -> ImportReport {
        var report = ImportReport(dryRun: client == nil)
        for (id, experiment) in try records.experiments() {
            report.experiments.found += 1
            var number: Int64 = 0
            do {
                if let client {
                    let outcome = try await client.bring(experiment, to: project)
                    number = outcome.number
                    if outcome.isNew { report.experiments.brought += 1 }
                }
                try await bringRuns(of: id, named: experiment.name, to: number, &report)
                try await bringLoggedModels(of: id, to: number, &report)
                if experiment.isDeleted, let client {
                    try await client.bringDeletion(ofExperiment: number, in: project)
                }
            } catch let error where !isFatal(error) {
                report.note("experiment \(experiment.name)", error)
            }
        }
        for name in try records.models() {
            report.models.found += 1
            do {
                try await bringModel(name, &report)
            } catch let error where !isFatal(error) {
                report.note("registered model \(name)", error)
            }
        }
        report.leftBehind = try records.leftBehind().map { .init(what: $0.what, count: $0.count) }
        return report
    }

    /// What ends the whole: a server that is away, or one that lets nobody in.
    private func isFatal(_ error: any Error) -> Bool {
        guard let explanation = (error as? any ExplainedError)?.explanation else { return true }
        switch explanation.kind {
        case .denied, .unavailable, .overloaded, .callerLimited: return true
        default: return false
        }
    }

    // MARK: Runs

    private func bringRuns(
        of experiment: String, named name: String, to number: Int64, _ report: inout ImportReport
    ) async throws {
        let ids = try records.runs(of: experiment)
        for (index, id) in ids.enumerated() {
            if index % 20 == 0 { Console.current.progress("\(name): run \(index + 1) of \(ids.count)") }
            report.runs.found += 1
            do {
                try await bringRun(id, of: experiment, to: number, &report)
            } catch let error where !isFatal(error) {
                report.note("run \(id)", error)
            }
        }
    }

    private func bringRun(
        _ id: String, of experiment: String, to number: Int64, _ report: inout ImportReport
    ) async throws {
        let found = try records.run(id, of: experiment)
        var run = found.run
        run.experiment = number
        report.params.found += run.params.count
        report.tags.found += run.tags.count
        report.datasets.found += run.datasets.count
        if let client, try await client.bring(run, to: project).isNew {
            report.runs.brought += 1
            report.params.brought += run.params.count
            report.tags.brought += run.tags.count
            report.datasets.brought += run.datasets.count
        }
        for metric in found.metrics {
            do {
                try await bringPoints(of: metric, run: id, experiment: experiment, &report)
            } catch let error where !isFatal(error) {
                report.note("metric \(metric) of run \(id)", error)
            }
        }
        try await bringFiles(at: found.files, to: "\(number)/\(id)/artifacts", of: "run \(id)", &report)
    }

    private func bringPoints(
        of metric: String, run: String, experiment: String, _ report: inout ImportReport
    ) async throws {
        let points = try records.points(of: metric, run: run, experiment: experiment)
        report.points.found += points.count
        guard let client else { return }
        var offset = 0
        while offset < points.count {
            let part = Array(points[offset..<min(points.count, offset + Self.pointsAtOnce)])
            let outcome = try await client.bring(
                ForeignPoints(key: metric, offset: offset, points: part), of: run, to: project)
            report.points.brought += Int(outcome.number)
            offset += part.count
        }
    }

    // MARK: Models

    private func bringLoggedModels(
        of experiment: String, to number: Int64, _ report: inout ImportReport
    ) async throws {
        for id in try records.loggedModels(of: experiment) {
            report.loggedModels.found += 1
            do {
                let found = try records.loggedModel(id, of: experiment)
                var model = found.model
                model.experiment = number
                if let client, try await client.bring(model, to: project).isNew { report.loggedModels.brought += 1 }
                try await bringFiles(
                    at: found.files, to: "\(number)/models/\(id)/artifacts", of: "logged model \(id)", &report)
            } catch let error where !isFatal(error) {
                report.note("logged model \(id)", error)
            }
        }
    }

    private func bringModel(_ name: String, _ report: inout ImportReport) async throws {
        var model = try records.model(name)
        report.versions.found += model.versions.count
        for index in model.versions.indices {
            let version = model.versions[index]
            model.versions[index].source = placeHere(version)
            if version.source != nil, model.versions[index].source == nil {
                report.problems.append(
                    .init(
                        what: "source of \(name) version \(version.number)",
                        reason:
                            "“\(version.source ?? "")” is not among the files of its run: the version comes without."))
            }
        }
        guard let client else { return }
        let outcome = try await client.bring(model, to: project)
        if outcome.isNew { report.models.brought += 1 }
        report.versions.brought += Int(outcome.number)
    }

    /// Where a version's files are here: by its run or its logged model, or in a store that clients reach by themselves.
    private func placeHere(_ version: ForeignVersion) -> String? {
        guard let source = version.source else { return nil }
        if ["models:/", "runs:/", "s3://", "gs://", "wasbs://", "abfss://"].contains(where: source.hasPrefix) {
            return source
        }
        if let run = version.run, let range = source.firstRange(of: "/\(run)/artifacts") {
            return "runs:/\(run)\(source[range.upperBound...])"
        }
        if let range = source.firstRange(of: "/models/m-"), source.hasSuffix("/artifacts") {
            return "models:/m-\(source[range.upperBound...].prefix { $0 != "/" })"
        }
        return nil
    }

    // MARK: Files

    private func bringFiles(
        at place: String, to folder: String, of owner: String, _ report: inout ImportReport
    ) async throws {
        guard !place.isEmpty else { return }
        let (names, refused) = try files.files(at: place)
        for name in refused {
            report.problems.append(
                .init(what: "file \(name) of \(owner)", reason: "It is a link, or no regular file."))
        }
        var waiting: [ForeignArtifacts.File] = []
        for name in names {
            report.files.found += 1
            do {
                let path = try ArtifactPath("\(folder)/\(name)")
                let (digest, byteCount) = try files.describe(name, at: place)
                report.fileBytes.found += byteCount
                guard let client else { continue }
                if try await !client.hasBlob(digest) {
                    Console.current.progress("sending \(name), \(byteText(byteCount))")
                    try await client.putBlob(
                        digest, byteCount: byteCount, PiecesSequence(read: try files.pieces(of: name, at: place)))
                    report.fileBytes.brought += byteCount
                }
                waiting.append(.init(path: path.text, digest: digest.hex, byteCount: byteCount))
            } catch let error where !isFatal(error) {
                report.note("file \(name) of \(owner)", error)
            }
        }
        guard let client else { return }
        for start in stride(from: 0, to: waiting.count, by: Self.namesAtOnce) {
            let part = Array(waiting[start..<min(waiting.count, start + Self.namesAtOnce)])
            report.files.brought += Int(try await client.bring(ForeignArtifacts(artifacts: part), to: project).number)
        }
    }
}

/// A file of this machine, piece by piece.
private struct PiecesSequence: AsyncSequence, AsyncIteratorProtocol, Sendable {
    typealias Failure = any Error

    let read: @Sendable () throws -> [UInt8]?

    func next() async throws -> [UInt8]? { try read() }
    func makeAsyncIterator() -> Self { self }
}
