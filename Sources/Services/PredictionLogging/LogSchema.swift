// SPDX-License-Identifier: Apache-2.0
package import InferenceServing
package import ModelDomain
package import ModelExecution
package import Tensors

/// What the predictions of a deployment have in common, so that none of them has to say it: where they were made and by
/// what, and what is kept of each column.
package struct LogSchema: Sendable, Hashable {
    package struct Field: Sendable, Hashable {
        package let name: String
        /// Index of the input.
        package let input: Int
        /// First element inside the input's row, and how many.
        package let elements: Range<Int>
        package let shape: Shape
        package let policy: FieldPolicy
    }

    package let project: ProjectName
    package let endpoint: EndpointName
    package let generation: Int
    package let model: ModelReference
    /// 0 where nothing answered.
    package let version: Int
    package let bundle: Digest?
    /// What executed the model; `nil` where nobody knows.
    package let engine: EngineIdentity?
    package let inputs: [String]
    /// In the order of the inputs, and of their elements.
    package let fields: [Field]
    package let outputs: [String]
    /// Index of the field that says whom a row is about.
    package let subject: Int?

    package init(_ state: EndpointState, _ live: LiveVersion?) {
        let record = state.record
        project = record.project
        endpoint = record.name
        generation = record.current.generation
        model = live?.version.model ?? record.current.model
        version = live?.version.number ?? 0
        bundle = live?.version.bundle
        engine = live?.engineIdentity
        let signature = live?.signature
        inputs = signature?.inputs.map(\.name) ?? []
        outputs = signature?.outputs.map(\.name) ?? []
        fields =
            signature?.layout.fields.map { field in
                // A dimension without a size makes the field its input's only one.
                let sizes = field.shape.map { $0.size ?? 0 }
                let count = max(1, sizes.reduce(1, *))
                return Field(
                    name: field.name, input: field.input, elements: field.offset..<field.offset + count, shape: sizes,
                    policy: live?.policies[field.name]
                        ?? FieldPolicy(
                            presumedFor: field.name, signature?.inputs[field.input].datatype ?? .float64))
            } ?? []
        subject = live?.subject.flatMap { [fields] name in fields.firstIndex { $0.name == name } }
    }

    /// Whether an input is kept as it is.
    package func keepsAll(of input: Int) -> Bool { fields.allSatisfy { $0.input != input || $0.policy == .keep } }

    package var keepsAll: Bool { fields.allSatisfy { $0.policy == .keep } }
}

/// As segments have it.
extension LogSchema {
    var json: JSONValue {
        .record([
            ("project", .string(project.rawValue)), ("endpoint", .string(endpoint.rawValue)),
            ("generation", .integer(Int64(generation))), ("model_project", .string(model.project.rawValue)),
            ("model", .string(model.name.rawValue)), ("version", .integer(Int64(version))),
            ("bundle", bundle.map { .string($0.hex) }),
            (
                "engine",
                engine.map {
                    ["name": .string($0.name), "version": .string($0.version), "build": .string($0.build)]
                }
            ), ("inputs", .array(inputs.map(JSONValue.string))),
            ("outputs", .array(outputs.map(JSONValue.string))),
            ("subject", subject.map { .integer(Int64($0)) }),
            (
                "fields",
                .array(
                    fields.map { field in
                        .record([
                            ("name", .string(field.name)), ("input", .integer(Int64(field.input))),
                            ("offset", .integer(Int64(field.elements.lowerBound))),
                            ("shape", .array(field.shape.map { .integer(Int64($0)) })),
                            ("policy", .string(field.policy.rawValue)),
                        ])
                    })
            ),
        ])
    }

    /// - Throws: `LOG-003` for what is none.
    init(json bytes: [UInt8]) throws {
        let reader = try FieldReader(document: bytes, what: "schema", of: .log)
        project = try ProjectName(try reader.text("project"))
        endpoint = try EndpointName(try reader.text("endpoint"))
        generation = try reader.count("generation")
        model = ModelReference(
            project: try ProjectName(try reader.text("model_project")), name: try ModelName(try reader.text("model")))
        version = try reader.count("version")
        bundle = try reader.optionalText("bundle").flatMap { Digest($0) }
        engine = try reader.optionalFields("engine").map { engine in
            EngineIdentity(
                name: try engine.text("name"), version: try engine.text("version"), build: try engine.text("build"))
        }
        let inputs = try reader.texts("inputs")
        self.inputs = inputs
        outputs = try reader.texts("outputs")
        fields = try reader.list("fields").map { column in
            let shape = try column.integers("shape").map { Int($0) }
            guard let count = elementCount(of: shape), count < 1 << 40,
                case let (input, offset) = (try column.count("input"), try column.count("offset")),
                inputs.indices.contains(input), offset < 1 << 40,
                let policy = FieldPolicy(rawValue: try column.text("policy"))
            else { throw FieldReader.Subject.log.damaged("a column is not as one is written") }
            return Field(
                name: try column.text("name"), input: input, elements: offset..<offset + max(1, count), shape: shape,
                policy: policy)
        }
        subject = try reader.optionalNumber("subject").flatMap { [fields] number in
            fields.indices.first { Double($0) == number }
        }
    }
}
