// SPDX-License-Identifier: Apache-2.0
internal import ExperimentTracking
internal import Foundation
internal import ModelDomain
internal import ModelRegistry

/// Where the files of a registered version are, as a client names it. Nothing on this machine's disk is among it: the
/// server opens no place that a caller names.
enum VersionSource {
    case loggedModel(LoggedModelID)
    case version(ModelName, Int)
    case run(RunID, path: String)
    case files(ArtifactPath)
    /// A store that clients reach by themselves.
    case elsewhere

    /// Stores that are none of ours, and hold no file of this machine.
    private static let remoteSchemes = ["s3", "gs", "wasbs", "abfss"]

    /// - Throws: `IN-010` for what names no place, leads out of one, or is on this machine.
    init(_ text: String) throws {
        guard text.utf8.count <= 2000, text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }),
            !leadsOut(text), let colon = text.firstIndex(of: ":")
        else { throw refused(text) }
        let scheme = text[..<colon]
        let rest = text[text.index(after: colon)...]
        switch scheme {
        case "models":
            let parts = rest.drop { $0 == "/" }.split(separator: "/", omittingEmptySubsequences: false)
            if parts.count == 1, let id = LoggedModelID(String(parts[0])) {
                self = .loggedModel(id)
            } else if parts.count == 2, let name = ModelName(rawValue: String(parts[0])), let number = Int(parts[1]) {
                self = .version(name, number)
            } else {
                throw refused(text)
            }
        case "runs":
            let path = rest.drop { $0 == "/" }
            guard let id = RunID(String(path.prefix { $0 != "/" })) else { throw refused(text) }
            self = .run(id, path: String(path.dropFirst(32).drop { $0 == "/" }))
        case "mlflow-artifacts":
            // A host there would be another server.
            guard rest.hasPrefix("/"), !rest.hasPrefix("//") else { throw refused(text) }
            self = .files(try ArtifactPath(String(rest.dropFirst())))
        case let other where Self.remoteSchemes.contains(String(other)) && rest.hasPrefix("//"): self = .elsewhere
        default: throw refused(text)
        }
    }

    /// The folder of our files that it stands for; `nil` for another's.
    func place(
        in tracking: ProjectTracking, _ registrations: ModelRegistrations, _ project: ProjectName, depth: Int = 0
    ) async throws -> ArtifactPath? {
        switch self {
        case .loggedModel(let id):
            let model = try await tracking.loggedModel(id)
            return .files(of: id, in: model.experiment)
        case .run(let id, let path):
            return try .files(of: try await tracking.runInfo(id)).appending(path)
        case .files(let path): return path
        case .elsewhere: return nil
        case .version(let name, let number):
            // A copy of a copy of a copy; nobody needs more.
            guard depth < 10 else { throw refused("models:/\(name)/\(number)") }
            let record = try await registrations.version(
                number, of: ModelReference(project: project, name: name))
            guard let source = record.registration.source else { return nil }
            return try await VersionSource(source).place(in: tracking, registrations, project, depth: depth + 1)
        }
    }

    private var isCopy: Bool {
        if case .version = self { true } else { false }
    }

    /// Completes what is known of a registration, and compares it with where the files are.
    ///
    /// - Throws: `IN-010` when they are not of the run or the model that it names.
    func check(
        _ registration: inout Registration, in tracking: ProjectTracking, _ registrations: ModelRegistrations,
        _ project: ProjectName
    ) async throws {
        let named = registration
        if case .version(let name, let number) = self {
            // A copy comes from where its original does, which was looked at when that was registered.
            let original = try await registrations.version(number, of: ModelReference(project: project, name: name))
            registration.run = registration.run ?? original.registration.run
            registration.loggedModel = registration.loggedModel ?? original.registration.loggedModel
        }
        var allowed: [ArtifactPath] = []
        if let text = registration.loggedModel {
            let model = try await tracking.loggedModel(knownForm(LoggedModelID(text), or: .unknownLoggedModel(text)))
            allowed.append(.files(of: model.id, in: model.experiment))
            if registration.run == nil { registration.run = model.sourceRun?.text }
        }
        if let id = (isCopy ? registration : named).run.flatMap(RunID.init), let run = try? await tracking.runInfo(id) {
            allowed.append(.files(of: run))
        }
        guard let place = try await place(in: tracking, registrations, project) else { return }
        try await tracking.checkOwner(of: place)
        guard allowed.contains(where: { place == $0 || place.text.hasPrefix($0.text + "/") }) else {
            throw Refusal(
                .unsupportedOption, .invalidInput,
                "Invalid model version source: “\(place.uri.prefix(200))” is not of a run or logged model that is named.",
                hint: "Name it by run_id or model_id, and register what it has logged.",
                details: [.init("field", "source")])
        }
    }
}

/// Whether a text would climb out of a folder somewhere, as it is or decoded, once or several times.
private func leadsOut(_ text: String) -> Bool {
    var decoded = text
    for _ in 0..<4 {
        let parts = decoded.split { $0 == "/" || $0 == "\\" || $0 == ";" }
        if parts.contains("..") || decoded.contains("\\") || decoded.contains("\0") { return true }
        guard let next = decoded.removingPercentEncoding, next != decoded else { break }
        decoded = next
    }
    return decoded.contains("?") || decoded.contains("#")
}

private func refused(_ text: String) -> Refusal {
    Refusal(
        .unsupportedOption, .invalidInput, "Invalid model version source: “\(text.prefix(200))”.",
        hint: "Name runs:/RUN/PATH, models:/m-ID, models:/NAME/VERSION, mlflow-artifacts:/PATH or a remote store; "
            + "nothing on a disk.", details: [.init("field", "source")])
}
