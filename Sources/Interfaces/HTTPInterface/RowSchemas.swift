// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import Tensors

/// JSON Schema of what predictions take and give: of any endpoint, or of one with its names, types and shapes.
struct RowSchemas {
    private let row: JSONValue
    private let answerRow: JSONValue
    private let inputs: JSONValue
    private let outputs: JSONValue
    private let example: JSONValue?

    /// What holds for every endpoint.
    init() {
        let tensor: JSONValue = [
            "type": "object", "required": ["name", "shape", "datatype"],
            "properties": [
                "name": ["type": "string"],
                "datatype": ["enum": .array(Datatype.allCases.map { .string($0.rawValue) })],
                "shape": ["type": "array", "items": ["type": "integer"]], "data": ["type": "array"],
                "parameters": ["type": "object"],
            ],
        ]
        row = ["type": "object"]
        answerRow = ["type": "object"]
        inputs = ["type": "array", "items": tensor]
        outputs = ["type": "array", "items": tensor]
        example = nil
    }

    /// - Parameter example: A row that the model is known to answer, as JSON.
    init(_ signature: Signature, example: String?) {
        let parsed = example.flatMap { try? JSONValue.parse($0) }
        let fields = signature.layout.fields
        var rowMembers: [(name: String, value: JSONValue)] = [
            ("type", "object"), ("additionalProperties", false),
            (
                "properties",
                .object(
                    fields.map { field in
                        (
                            field.name,
                            valueSchema(
                                signature.inputs[field.input].datatype, field.shape, isNullable: field.isNullable,
                                range: field.range)
                        )
                    })
            ),
        ]
        let required = fields.filter { !$0.isNullable }.map { JSONValue.string($0.name) }
        if !required.isEmpty { rowMembers.append(("required", .array(required))) }
        if let parsed { rowMembers.append(("examples", [parsed])) }
        row = .object(rowMembers)
        answerRow = [
            "type": "object",
            "properties": .object(
                Signature.answerLayout(of: signature.outputs).fields.map { field in
                    let datatype = signature.outputs[field.input].datatype
                    return (field.name, valueSchema(datatype, field.shape, isNullable: false, range: nil))
                }),
        ]
        inputs = ["type": "array", "items": ["oneOf": .array(signature.inputs.map(tensorSchema))]]
        outputs = ["type": "array", "items": ["anyOf": .array(signature.outputs.map(tensorSchema))]]
        self.example = parsed
    }

    private func with(_ example: JSONValue?, _ members: [(name: String, value: JSONValue)]) -> JSONValue {
        .object(members + (example.map { [("examples", [$0])] } ?? []))
    }

    private var rows: JSONValue { ["type": "array", "items": row] }

    /// The body of `/v1/endpoints/NAME/predict`.
    var body: JSONValue { ["oneOf": [row, rows]] }

    var answer: JSONValue {
        [
            "type": "object", "required": ["id", "model", "version", "proven", "predictions"],
            "properties": [
                "id": ["type": "string"], "model": ["type": "string"], "version": ["type": "integer"],
                "proven": ["type": "boolean"], "predictions": ["type": "array", "items": answerRow],
            ],
        ]
    }

    var predictions: JSONValue {
        ["type": "object", "required": ["predictions"], "properties": ["predictions": ["type": "array"]]]
    }

    var instances: JSONValue {
        with(
            example.map { ["instances": [$0]] },
            [
                ("type", "object"),
                (
                    "properties",
                    [
                        "signature_name": ["type": "string"],
                        "instances": [
                            "type": "array",
                            "items": ["anyOf": [row, ["type": ["array", "number", "string", "boolean"]]]],
                        ],
                        "inputs": ["type": ["object", "array"]],
                    ]
                ),
            ])
    }

    var scoring: JSONValue {
        with(
            example.map { ["dataframe_records": [$0]] },
            [
                ("type", "object"),
                (
                    "properties",
                    [
                        "dataframe_split": [
                            "type": "object", "required": ["columns", "data"],
                            "properties": [
                                "columns": ["type": "array", "items": ["type": "string"]],
                                "index": ["type": "array"],
                                "data": ["type": "array", "items": ["type": "array"]],
                            ],
                        ],
                        "dataframe_records": ["type": "array", "items": ["type": "object"]],
                        "instances": ["type": "array"], "inputs": ["type": ["object", "array"]],
                        "params": ["type": "object"],
                    ]
                ),
            ])
    }

    var inferRequest: JSONValue {
        [
            "type": "object", "required": ["inputs"],
            "properties": [
                "id": ["type": "string"], "parameters": ["type": "object"], "inputs": inputs,
                "outputs": [
                    "type": "array",
                    "items": [
                        "type": "object", "required": ["name"],
                        "properties": ["name": ["type": "string"], "parameters": ["type": "object"]],
                    ],
                ],
            ],
        ]
    }

    var inferResponse: JSONValue {
        [
            "type": "object", "required": ["model_name", "outputs"],
            "properties": [
                "model_name": ["type": "string"], "model_version": ["type": "string"], "id": ["type": "string"],
                "parameters": ["type": "object"], "outputs": outputs,
            ],
        ]
    }
}

private func tensorSchema(_ spec: TensorSpec) -> JSONValue {
    let sizes: [JSONValue] = spec.shape.map { dimension in
        dimension.size.map { ["const": .integer(Int64($0))] } ?? ["type": "integer", "minimum": 0]
    }
    var shape: [(name: String, value: JSONValue)] = [
        ("type", "array"), ("minItems", .integer(Int64(sizes.count))), ("maxItems", .integer(Int64(sizes.count))),
    ]
    if !sizes.isEmpty { shape.append(("prefixItems", .array(sizes))) }
    return [
        "type": "object", "required": ["name", "shape", "datatype"],
        "properties": [
            "name": ["const": .string(spec.name)], "datatype": ["const": .string(spec.datatype.rawValue)],
            "shape": .object(shape), "data": ["type": "array"], "parameters": ["type": "object"],
        ],
    ]
}

/// The schema of one named value.
private func valueSchema(
    _ datatype: Datatype, _ shape: [Dimension], isNullable: Bool, range: ClosedRange<Double>?
) -> JSONValue {
    // Flat or nested: its elements are looked at by the server.
    guard shape.isEmpty else { return ["type": isNullable ? ["array", "null"] : "array"] }
    let type: JSONValue =
        switch datatype {
        case .bool: "boolean"
        case .bytes: "string"
        case _ where datatype.isInteger: "integer"
        default: "number"
        }
    var members: [(name: String, value: JSONValue)] = [("type", isNullable ? [type, "null"] : type)]
    if let range, range.lowerBound.isFinite { members.append(("minimum", .double(range.lowerBound))) }
    if let range, range.upperBound.isFinite { members.append(("maximum", .double(range.upperBound))) }
    guard datatype.isFloatingPoint, !isNullable || range == nil else { return .object(members) }
    return ["anyOf": [.object(members), ["enum": ["NaN", "Infinity", "-Infinity"]]]]
}
