// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import InferenceServing
internal import ModelDomain
internal import Tensors
internal import WireTypes

/// `/openapi.json`, for the whole server and for one endpoint.
extension EventLoopSlot {
    func describeDocument() -> AnswerHead {
        writer.append(document)
        return AnswerHead()
    }

    /// The calls that ask one endpoint, with the names, types and shapes of its signature.
    func describeDocument(of state: EndpointState) throws -> AnswerHead {
        let (name, live) = (state.record.name.rawValue, try state.ready())
        let schemas = RowSchemas(live.signature, example: live.exampleRow)
        let routes: [FastRoute] = [
            .predict(name), .infer(name, version: nil), .predictInstances(name, version: nil),
            .metadata(name, version: nil), .modelReady(name, version: nil), .servedModel(name, version: nil),
        ]
        let reader = SchemaReader()
        _ = reader.schema(of: ProblemV1.self)
        return write(
            openAPIDocument(
                title: name, version: live.versionText, operations: routes.flatMap { $0.operations(rows: schemas) },
                components: reader.components))
    }
}

/// The document of the whole server, made from the routes that it has.
func serverDocument(version: String, administration routes: [AdministrationRoute]) -> [UInt8] {
    let reader = SchemaReader()
    _ = reader.schema(of: ProblemV1.self)
    let operations = FastRoute.documented.flatMap { $0.operations() } + routes.map { $0.operation(reader) }
    return [UInt8](
        openAPIDocument(title: "Slipway", version: version, operations: operations, components: reader.components)
            .text.utf8)
}

extension AdministrationRoute {
    fileprivate func operation(_ reader: SchemaReader) -> Operation {
        let path = self.path.split(separator: "/").map { $0.hasPrefix(":") ? "{\($0.dropFirst())}" : String($0) }
        let root = path.first == "v2" ? "Open Inference Protocol" : "Administration"
        return Operation(
            method: method.rawValue.lowercased(), path: "/" + path.joined(separator: "/"), summary: summary, tag: root,
            query: query, takes: takes.map { [("application/json", reader.schema(of: $0))] } ?? rawBody,
            gives: gives.map { [("application/json", reader.schema(of: $0))] } ?? [], status: status,
            errors: path.first == "v2" ? .inferenceProtocol : .problem, needs: needs)
    }

    private var needs: Operation.Need {
        switch access {
        case .open: .whereClosed(.view)
        case .token(let permission, _): .always(permission)
        }
    }

    private var rawBody: [Operation.Content] {
        method == .put ? [("application/octet-stream", ["type": "string"])] : []
    }
}
