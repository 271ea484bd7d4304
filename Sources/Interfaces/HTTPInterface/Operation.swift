// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import Tensors

/// One call as OpenAPI describes it, whichever part of the server answers it.
struct Operation {
    typealias Content = (type: String, schema: JSONValue)

    var method: String
    /// With parameters in braces.
    var path: String
    var summary: String
    var tag: String
    var query: [(name: String, meaning: String)] = []
    /// Empty for a call without a body.
    var takes: [Content] = []
    /// Empty for an answer without one.
    var gives: [Content] = []
    var status = 200
    var errors: ErrorForm
    var needs: Need

    /// What a token has to have.
    enum Need {
        /// Nobody needs one where predictions are open.
        case whereClosed(Permission)
        case always(Permission)
    }

    private var isOpen: Bool {
        if case .whereClosed = needs { true } else { false }
    }

    private var permission: Permission {
        switch needs {
        case .whereClosed(let permission), .always(let permission): permission
        }
    }

    /// `get_v1_endpoints_name`
    private var identifier: String {
        let words = path.split { !$0.isLetter && !$0.isNumber }
        return ([method] + words.map(String.init)).joined(separator: "_")
    }

    private var parameters: [JSONValue] {
        let names = path.split(separator: "/").flatMap { part in
            part.split(separator: "{").dropFirst(part.hasPrefix("{") ? 0 : 1).compactMap {
                $0.split(separator: "}").first
            }
        }
        return names.map { name in
            ["name": .string(String(name)), "in": "path", "required": true, "schema": ["type": "string"]]
        }
            + query.map { name, meaning in
                [
                    "name": .string(name), "in": "query", "description": .string(meaning),
                    "schema": ["type": "string"],
                ]
            }
    }

    var json: JSONValue {
        var members: [(name: String, value: JSONValue)] = [
            ("operationId", .string(identifier)), ("summary", .string(summary)), ("tags", [.string(tag)]),
            ("security", isOpen ? [[:], ["token": []], ["basic": []]] : [["token": []], ["basic": []]]),
            ("x-permissions", .array(permission.words.map(JSONValue.string))),
        ]
        if !parameters.isEmpty { members.append(("parameters", .array(parameters))) }
        if !takes.isEmpty {
            members.append(("requestBody", ["content": content(takes)]))
        }
        var answer: [(name: String, value: JSONValue)] = [("description", "Done.")]
        if !gives.isEmpty { answer.append(("content", content(gives))) }
        members.append(
            (
                "responses",
                .object([
                    (String(status), .object(answer)),
                    ("default", ["description": "Why not.", "content": content([errors.content])]),
                ])
            ))
        return .object(members)
    }

    private func content(_ contents: [Content]) -> JSONValue {
        .object(contents.map { ($0.type, ["schema": $0.schema]) })
    }
}

extension ErrorForm {
    fileprivate var content: Operation.Content {
        switch self {
        case .problem: ("application/problem+json", ["$ref": "#/components/schemas/ProblemV1"])
        case .inferenceProtocol: ("application/json", ["$ref": "#/components/schemas/ProtocolError"])
        case .scoring: ("application/json", ["$ref": "#/components/schemas/ScoringError"])
        }
    }
}

/// A document of OpenAPI 3.1.
func openAPIDocument(
    title: String, version: String, operations: [Operation], components: [(name: String, value: JSONValue)]
) -> JSONValue {
    var paths: [(name: String, value: JSONValue)] = []
    for operation in operations {
        let member = (name: operation.method, value: operation.json)
        if let index = paths.firstIndex(where: { $0.name == operation.path }) {
            paths[index].value = .object((paths[index].value.members ?? []) + [member])
        } else {
            paths.append((operation.path, .object([member])))
        }
    }
    return [
        "openapi": "3.1.0",
        "info": [
            "title": .string(title), "version": .string(version),
            "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
        ],
        "servers": [["url": "/"]], "paths": .object(paths),
        "components": [
            "schemas": .object(components + errorSchemas),
            "securitySchemes": [
                "token": ["type": "http", "scheme": "bearer"],
                "basic": [
                    "type": "http", "scheme": "basic", "description": "The password is the token, the name anything.",
                ],
            ],
        ],
    ]
}

private let errorSchemas: [(name: String, value: JSONValue)] = [
    (
        "ProtocolError",
        [
            "type": "object", "required": ["error"],
            "properties": [
                "error": ["type": "string"], "code": ["type": "string"], "details": ["type": ["object", "array"]],
            ],
        ]
    ),
    (
        "ScoringError",
        [
            "type": "object", "required": ["error_code", "message"],
            "properties": [
                "error_code": ["type": "string"], "message": ["type": "string"], "code": ["type": "string"],
                "details": ["type": "object"],
            ],
        ]
    ),
]
