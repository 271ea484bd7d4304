// SPDX-License-Identifier: Apache-2.0
internal import GraphExecution
internal import ModelDomain

/// The models whose newest version is a graph, each with the models whose versions it holds copies of: so that a new
/// version of a model is followed by the graphs that use it, and nobody reads all the others.
struct GraphIndex {
    private var components: [ModelReference: Set<ModelReference>] = [:]

    var graphs: [ModelReference] { components.keys.sorted { $0.description < $1.description } }

    /// - Parameter uses: `nil` for a model whose newest version is no graph.
    mutating func note(_ model: ModelReference, uses: Set<ModelReference>?) { components[model] = uses }

    /// The graphs that a new version of `model` may change: itself, when it is one, and those that use it.
    func affected(by model: ModelReference) -> [ModelReference] {
        graphs.filter { $0 == model || components[$0]?.contains(model) ?? false }
    }
}

extension GraphDescriptor {
    /// The registered models whose versions it holds copies of.
    var components: Set<ModelReference> {
        Set(
            steps.compactMap { step in
                guard case .model(.bundle(_, let pinned?)) = step.work else { return nil }
                return PinnedVersion(pinned)?.model
            })
    }
}

/// `growth/churn-text@3`
struct PinnedVersion {
    let model: ModelReference
    let number: Int

    init?(_ text: String) {
        let parts = text.split(separator: "@")
        let names = parts.first?.split(separator: "/").map(String.init) ?? []
        guard parts.count == 2, let number = Int(parts[1]), names.count == 2,
            let project = ProjectName(rawValue: names[0]), let name = ModelName(rawValue: names[1])
        else { return nil }
        self.number = number
        model = ModelReference(project: project, name: name)
    }
}
