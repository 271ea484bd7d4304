// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import Tensors

/// A version of data as the inputs of runs name it, in MLflow's words: a source, `{"uri":"slipway:PROJECT/NAME@3"}`, and a
/// digest, which may be no longer than 36 characters there.
package struct DatasetLink: Sendable, Hashable {
    package let dataset: DatasetReference
    package let number: Int

    package init(dataset: DatasetReference, number: Int) {
        self.dataset = dataset
        self.number = number
    }

    /// - Returns: `nil` for a source of another kind.
    package init?(source: String) {
        guard let uri = (try? JSONValue.parse(source))?["uri"]?.string, uri.hasPrefix("slipway:") else { return nil }
        let parts = uri.dropFirst(8).split(separator: "@", omittingEmptySubsequences: false)
        let path = parts.first?.split(separator: "/").map(String.init) ?? []
        guard parts.count == 2, let number = Int(parts[1]), let name = path.last.flatMap(DatasetName.init(rawValue:)),
            path.count <= 2, let project = path.count == 2 ? ProjectName(rawValue: path[0]) : .standard
        else { return nil }
        dataset = DatasetReference(project: project, name: name)
        self.number = number
    }

    package var source: String {
        JSONValue.object([("uri", .string("slipway:\(dataset.project)/\(dataset.name)@\(number)"))]).text
    }

    /// As much of a digest as MLflow keeps.
    package static func digest(_ data: Digest) -> String { String(data.hex.prefix(36)) }
}
