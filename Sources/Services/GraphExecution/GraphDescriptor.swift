// SPDX-License-Identifier: Apache-2.0
package import Tensors

/// What `graph.json` says: `docs/formats/graph.md`.
package struct GraphDescriptor: Sendable {
    package static let schema = "slipway.graph/1"
    package static let fileName = "graph.json"
    package static let stepLimit = 1000
    package static let byteLimit = 64 << 20

    package struct Step: Sendable {
        package let name: String
        package var sources: [GraphReference]
        package var work: Work
        package var conditions: [Condition] = []
        package var timeoutMilliseconds: Int?
        package var failurePolicy = FailurePolicy.fail
        /// How many rows' answers are kept.
        package var cachedRows = 0

        package init(_ name: String, in sources: [GraphReference], _ work: Work) {
            self.name = name
            self.sources = sources
            self.work = work
        }
    }

    package enum Work: Sendable {
        case transform([JSONValue])
        case model(Model)
        case combine(JSONValue)

        package var noun: String {
            switch self {
            case .transform: "transform"
            case .model: "model"
            case .combine: "combine"
            }
        }
    }

    package enum Model: Sendable, Hashable {
        /// A file of the bundle, for an engine.
        case file(String, engine: String)
        /// A bundle in the bundle.
        case bundle(folder: String, version: String?)
    }

    package enum FailurePolicy: Sendable {
        /// The request fails.
        case fail
        /// The row has no answer of this step.
        case skip
        /// This stands for everything that the step gives.
        case value(JSONValue)
    }

    /// What has to be true of a row.
    package struct Condition: Sendable {
        package let source: GraphReference
        package let test: Test

        package init(_ source: GraphReference, _ test: Test) {
            self.source = source
            self.test = test
        }
    }

    package enum Test: Sendable {
        case above(Double)
        case below(Double)
        case between(Double, Double)
        case oneOf([JSONValue])
        case missing(Bool)
    }

    package struct Output: Sendable {
        package let name: String
        package let source: GraphReference

        package init(_ name: String, from source: GraphReference) {
            self.name = name
            self.source = source
        }
    }

    package var inputs: [TensorSpec]
    package var steps: [Step]
    package var outputs: [Output]

    package init(inputs: [TensorSpec], steps: [Step], outputs: [Output]) {
        self.inputs = inputs
        self.steps = steps
        self.outputs = outputs
    }
}
