// SPDX-License-Identifier: Apache-2.0
internal import GraphExecution
internal import ModelDomain
internal import ModelExecution
internal import TableTransforms
internal import Tensors

/// A graph while it is packed, step by step in the order in which they run: each step's model is packed on the rows that
/// the steps before it give.
struct GraphAssembly {
    let signature: Signature
    /// Rows of the examples, without answers.
    let rows: [Example]
    let training: () throws -> DecodedRows?
    private(set) var descriptor: GraphDescriptor
    private(set) var engines: [String: any InferenceEngine] = [:]
    /// Every step's files, as they lie in the graph's bundle.
    private(set) var files: [PackedBundle.Entry] = []

    init(signature: Signature, rows: [Example], training: @escaping () throws -> DecodedRows?) {
        self.signature = signature
        self.rows = rows
        self.training = training
        descriptor = GraphDescriptor(inputs: signature.inputs, steps: [], outputs: [])
    }

    /// Adds a step whose model is there already, or that needs none.
    mutating func add(_ step: GraphDescriptor.Step) { descriptor.steps.append(step) }

    /// Adds a step that is a bundle of its own.
    mutating func add(_ step: GraphDescriptor.Step, _ bundle: PackedBundle, _ engine: any InferenceEngine) throws {
        guard case .model(.bundle(let folder, _)) = step.work else { return }
        descriptor.steps.append(step)
        engines[step.name] = engine
        let manifest = bundle.manifestBytes
        files.append(
            (
                try BundleFile(
                    path: "\(folder)/\(BundleManifest.fileName)", digest: Digest(of: manifest),
                    byteCount: manifest.count), .bytes(manifest)
            ))
        for (file, content) in bundle.contents {
            let inner = try BundleFile(
                path: "\(folder)/\(file.path)", digest: file.digest, byteCount: file.byteCount)
            switch content {
            case .bytes: files.append((inner, content))
            case .file(let path): files.append((inner, .elsewhere(path, bundle.folder)))
            case .elsewhere: files.append((inner, content))
            }
        }
    }

    /// - Throws: ``GraphFault`` for what does not fit together.
    func engine(outputs: [GraphDescriptor.Output]) throws(GraphFault) -> GraphEngine {
        var graph = descriptor
        graph.outputs = outputs
        return try GraphEngine(graph, models: engines)
    }

    /// The columns that references put side by side, and a graph that answers with them.
    func table(of sources: [GraphReference], step: String) throws(GraphFault) -> (GraphEngine, [TableColumn]) {
        do throws(GraphFault) {
            let outputs = try GraphPlan.fields(of: sources, in: descriptor, models: engines)
            let engine = try engine(
                outputs: outputs.enumerated().map { GraphDescriptor.Output("c\($0)", from: $1.reference) })
            let columns = try zip(engine.outputs, outputs).map { spec, output throws(GraphFault) in
                guard var column = TableColumn(spec) else {
                    throw GraphFault(
                        "“\(output.reference)” is \(spec.datatype.rawValue) \(spec.shapeDescription), which is no column of a table"
                    )
                }
                column.name = output.name
                column.labels = output.labels
                return column
            }
            return (engine, columns)
        } catch {
            throw GraphFault("step “\(step)”: \(error.reason)")
        }
    }

    /// The training data as it reaches a step; `nil` when there is none.
    func frame(_ engine: GraphEngine, _ columns: [TableColumn]) throws -> TableFrame? {
        guard let rows = try training() else { return nil }
        do {
            let answers = try engine.run(rows.inputs)
            return try TableFrame(columns, answers, rowCount: rows.rowCount)
        } catch let error as EngineError {
            throw GraphFault("the training data does not pass the steps before: \(error.explanation.message)")
        } catch let fault as TableFault {
            throw GraphFault(fault.reason)
        }
    }

    /// Rows of a step's model, as JSON lines for whoever prepares it: named values, each a plain number or text.
    ///
    /// Rows that do not come so far are left out.
    func lines(_ engine: GraphEngine, _ columns: [TableColumn], limit: Int) -> [UInt8] {
        var lines: [UInt8] = []
        var count = 0
        for row in rows where count < limit {
            guard let answers = try? engine.run(row.inputs) else { continue }
            var members: [String] = []
            for (column, tensor) in zip(columns, answers) {
                let texts = column.datatype == .bytes ? tensor.strings.map { quoted($0) } : numbers(tensor)
                for (name, text) in zip(column.valueNames, texts) { members.append("\(quoted(name)): \(text)") }
            }
            lines += Array("{\"inputs\": {\(members.joined(separator: ", "))}}\n".utf8)
            count += 1
        }
        return lines
    }

    private func quoted(_ text: String) -> String { JSONValue.string(text).text }

    /// As JSON; a number with a fraction keeps its point, so that its type can be told.
    private func numbers(_ tensor: Tensor) -> [String] {
        if tensor.datatype == .int64 { return tensor.elements(as: Int64.self).map(String.init) }
        if tensor.datatype == .uint64 { return tensor.elements(as: UInt64.self).map(String.init) }
        return (tensor.doubles ?? []).map { number in
            if tensor.datatype == .bool { return number == 0 ? "false" : "true" }
            guard tensor.datatype.isFloatingPoint else { return String(Int64(number)) }
            return number.isNaN
                ? "null" : number.isInfinite ? (number < 0 ? "\"-Infinity\"" : "\"Infinity\"") : "\(number)"
        }
    }
}
