// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// A version of the registry, named where a file could be: `churn@champion`, `churn@3`, `growth/churn@3`, or as MLflow writes
/// it, `models:/churn@champion` and `models:/churn/3`.
package struct RegisteredSource: Sendable, Equatable {
    package let model: ModelReference
    /// A number or `@alias`.
    package let version: String

    /// - Returns: `nil` for what is no such name.
    package init?(_ text: String, project: ProjectName?) {
        var rest = Substring(text)
        let isURI = rest.hasPrefix("models:/")
        if isURI { rest = rest.dropFirst(8) }
        let version: Substring
        if let at = rest.lastIndex(of: "@") {
            version = rest[rest.index(after: at)...]
            rest = rest[..<at]
        } else if isURI, let slash = rest.lastIndex(of: "/") {
            version = rest[rest.index(after: slash)...]
            rest = rest[..<slash]
        } else {
            return nil
        }
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        let named = parts.count == 2 ? ProjectName(rawValue: String(parts[0])) : project ?? .standard
        guard (1...2).contains(parts.count), let named, let name = ModelName(rawValue: String(parts[parts.count - 1]))
        else { return nil }
        if let number = Int(version), number > 0 {
            self.version = String(number)
        } else if AliasName(rawValue: String(version)) != nil {
            self.version = "@\(version)"
        } else {
            return nil
        }
        model = ModelReference(project: named, name: name)
    }
}
