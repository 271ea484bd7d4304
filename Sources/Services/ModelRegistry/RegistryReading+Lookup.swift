// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// Looking things up by the names people give, with the closest name where there is no such thing.
extension RegistryReading {
    /// - Returns: Newest first; none where the model has only been named so far.
    func knownVersions(of model: ModelReference) throws -> [ModelVersion] {
        let versions = try versions(of: model)
        if versions.isEmpty {
            let models = try models()
            if models.contains(model) { return [] }
            let names = models.filter { $0.project == model.project }.map(\.name.rawValue)
            throw RegistryError.unknownModel(
                model.description, closest: closestName(to: model.name.rawValue, among: names))
        }
        return versions
    }

    func knownVersion(_ selector: VersionSelector, of model: ModelReference) throws -> ModelVersion {
        switch selector {
        case .number(let number):
            if let version = try version(number, of: model) { return version }
            let newest = try knownVersions(of: model).first?.number
            throw RegistryError.unknownVersion(selector.description, of: model, newest: newest)
        case .alias(let alias):
            let newest = try knownVersions(of: model).first?.number
            let aliases = try aliases(of: model)
            guard let number = aliases[alias] else {
                let closest = closestName(to: alias.rawValue, among: aliases.keys.map(\.rawValue))
                throw RegistryError.unknownAlias(alias, of: model, closest: closest)
            }
            guard let version = try version(number, of: model) else {
                throw RegistryError.unknownVersion(String(number), of: model, newest: newest)
            }
            return version
        case .digest(let prefix):
            let versions = try knownVersions(of: model)
            let matches = versions.filter { $0.bundle?.hex.hasPrefix(prefix) ?? false }
            guard let newest = matches.first else {
                throw RegistryError.unknownVersion(selector.description, of: model, newest: versions.first?.number)
            }
            guard matches.allSatisfy({ $0.bundle == newest.bundle }) else {
                throw RegistryError.ambiguousDigest(selector.description, of: model)
            }
            return newest
        }
    }

    func knownProject(_ name: ProjectName) throws -> ProjectRecord {
        let all = try projects()
        guard let project = all.first(where: { $0.name == name }) else {
            let closest = closestName(to: name.rawValue, among: all.map(\.name.rawValue))
            throw RegistryError.unknownProject(name, closest: closest)
        }
        return project
    }

    /// ``knownProject(_:)`` for whoever only wants to know that it is there.
    package func requireProject(_ name: ProjectName) throws {
        if try !hasProject(name) { _ = try knownProject(name) }
    }

    func knownEndpoint(_ name: EndpointName, in project: ProjectName) throws -> EndpointRecord {
        guard let endpoint = try endpoint(name, in: project) else {
            let names = try endpoints().filter { $0.project == project }.map(\.name.rawValue)
            throw RegistryError.unknownEndpoint(name, closest: closestName(to: name.rawValue, among: names))
        }
        return endpoint
    }
}
