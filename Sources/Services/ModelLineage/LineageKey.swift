// SPDX-License-Identifier: Apache-2.0
package import DataVersions
package import ExperimentTracking
package import ModelDomain
package import ModelRegistry

/// One thing that a model came of, or that came of it.
package enum LineageKey: Sendable, Hashable {
    /// The code, as its repository calls it.
    case commit(String)
    /// What differed from the commit.
    case patch(Digest)
    case dataset(DatasetReference, Int)
    /// Data that is no version of a data set, as far as anybody knows.
    case data(Digest)
    /// Data that a client named, and of which no more is known.
    case namedData(name: String, digest: String)
    case parameters(ProjectName, RunID)
    case environment(Digest)
    case run(ProjectName, RunID)
    case loggedModel(ProjectName, LoggedModelID)
    case version(ModelReference, Int)
    /// The proof of a version: its recorded examples, replayed.
    case evaluation(ModelReference, Int)
    case deployment(ProjectName, EndpointName, Int)
    case endpoint(ProjectName, EndpointName)
    /// Who may ask an endpoint by name.
    case consumer(String)

    /// The word for it.
    package var kind: String {
        switch self {
        case .commit: "commit"
        case .patch: "patch"
        case .dataset: "dataset"
        case .data, .namedData: "data"
        case .parameters: "parameters"
        case .environment: "environment"
        case .run: "run"
        case .loggedModel: "logged-model"
        case .version: "version"
        case .evaluation: "evaluation"
        case .deployment: "deployment"
        case .endpoint: "endpoint"
        case .consumer: "consumer"
        }
    }

    /// Its name among all others: `version:default/churn/3`.
    package var id: String {
        let name =
            switch self {
            case .commit(let commit): commit
            case .patch(let digest), .data(let digest), .environment(let digest): digest.hex
            case .dataset(let dataset, let number): "\(dataset.project)/\(dataset.name)/\(number)"
            case .namedData(let name, let digest): "\(name)/\(digest)"
            case .parameters(let project, let run), .run(let project, let run): "\(project)/\(run)"
            case .loggedModel(let project, let model): "\(project)/\(model)"
            case .version(let model, let number), .evaluation(let model, let number):
                "\(model.project)/\(model.name)/\(number)"
            case .deployment(let project, let endpoint, let generation): "\(project)/\(endpoint)/\(generation)"
            case .endpoint(let project, let endpoint): "\(project)/\(endpoint)"
            case .consumer(let name): name
            }
        return "\(kind):\(name)"
    }

    /// The project that it is in; `nil` for what is in none.
    package var project: ProjectName? {
        switch self {
        case .commit, .patch, .data, .namedData, .environment, .consumer: nil
        case .dataset(let dataset, _): dataset.project
        case .version(let model, _), .evaluation(let model, _): model.project
        case .parameters(let project, _), .run(let project, _), .loggedModel(let project, _),
            .deployment(let project, _, _), .endpoint(let project, _):
            project
        }
    }
}

/// What somebody asks the lineage of, in the words of people.
package enum LineageSubject: Sendable, Hashable {
    case version(ModelReference, VersionSelector?)
    case dataset(DatasetReference, DatasetSelector)
    case run(ProjectName, RunID)
    case endpoint(ProjectName, EndpointName)
    case commit(String)

    package static let form = "churn@3, churn@champion, dataset:NAME@3, run:ID, endpoint:NAME or commit:SHA"

    /// - Parameter project: Of names that say none.
    /// - Throws: `IN-006` for what is nothing of these; `REG-005` and the like for a part that is no name.
    package init(_ text: String, in project: ProjectName) throws {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2, ["dataset", "run", "endpoint", "commit", "version"].contains(parts[0]) else {
            self = try .version(named: text, in: project)
            return
        }
        let rest = parts[1]
        switch parts[0] {
        case "dataset":
            let (name, version) = rest.splitAtSign
            self = .dataset(
                DatasetReference(project: project, name: try DatasetName(name)),
                try version.map { try DatasetSelector($0) } ?? .newest)
        case "run":
            guard let run = RunID(rest) else { throw TrackingError.unknownRun(rest) }
            self = .run(project, run)
        case "endpoint": self = .endpoint(project, try EndpointName(rest))
        case "commit":
            guard (7...64).contains(rest.utf8.count), rest.allSatisfy(\.isHexDigit) else { throw unreadable(text) }
            self = .commit(rest.lowercased())
        default: self = try .version(named: rest, in: project)
        }
    }

    private static func version(named text: String, in project: ProjectName) throws -> LineageSubject {
        let (name, version) = text.splitAtSign
        let selector = try version.map { text in
            // `churn@champion` and `churn@3` look alike.
            try VersionSelector(text.allSatisfy(\.isNumber) || text.hasPrefix("sha256:") ? text : "@\(text)")
        }
        return .version(ModelReference(project: project, name: try ModelName(name)), selector)
    }
}

extension String {
    fileprivate var splitAtSign: (String, String?) {
        guard let sign = lastIndex(of: "@") else { return (self, nil) }
        return (String(self[..<sign]), String(self[index(after: sign)...]))
    }
}

private func unreadable(_ text: String) -> Refusal {
    Refusal(
        .outOfRange, .invalidInput, "“\(text.prefix(100))” names nothing that has a lineage.",
        hint: "Write \(LineageSubject.form).")
}
