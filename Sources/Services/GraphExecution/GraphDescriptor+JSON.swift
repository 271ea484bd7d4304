// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
package import Tensors

extension GraphDescriptor {
    /// Reads a file that came from outside.
    ///
    /// - Throws: ``GraphFault`` that names the step and the key.
    package init(file bytes: [UInt8]) throws(GraphFault) {
        var limits = CodecLimits.standard
        limits.maxBodyBytes = Self.byteLimit
        limits.maxElements = max(1, bytes.count)
        let document: JSONValue
        do throws(CodecError) {
            document = try JSONValue.parse(bytes, limits: limits)
        } catch {
            throw GraphFault("it is no JSON: \(error.message)")
        }
        guard document["schema"]?.string == Self.schema else { throw GraphFault("its schema is not \(Self.schema)") }
        try requireKeys(of: document, among: ["schema", "inputs", "steps", "outputs"], in: "the graph")
        do throws(Refusal) {
            inputs = try FieldReader(document, what: "graph").tensorSpecs("inputs")
        } catch {
            throw GraphFault("its inputs are not as they should be: \(error.explanation.message)")
        }
        guard let steps = document["steps"]?.elements, steps.count <= Self.stepLimit else {
            throw GraphFault("“steps” is no list of at most \(Self.stepLimit)")
        }
        self.steps = try steps.map { step throws(GraphFault) in try Step(step) }
        guard let outputs = document["outputs"]?.elements, !outputs.isEmpty else {
            throw GraphFault("“outputs” lists none")
        }
        self.outputs = try outputs.map { output throws(GraphFault) in
            guard let name = output["name"]?.string, let source = output["from"]?.string else {
                throw GraphFault("an output is not {“name”, “from”}")
            }
            try requireKeys(of: output, among: ["name", "from"], in: "the output “\(name.prefix(100))”")
            return Output(name, from: try GraphReference(source))
        }
    }

    package var json: JSONValue {
        .record([
            ("schema", .string(Self.schema)),
            (
                "inputs",
                .array(
                    inputs.map { input in
                        .record([
                            ("name", .string(input.name)), ("datatype", .string(input.datatype.rawValue)),
                            ("shape", .array(input.shape.map { $0.size.map { .integer(Int64($0)) } ?? -1 })),
                        ])
                    })
            ),
            ("steps", .array(steps.map(\.json))),
            (
                "outputs",
                .array(outputs.map { .record([("name", .string($0.name)), ("from", .string($0.source.description))]) })
            ),
        ])
    }
}

/// - Throws: ``GraphFault`` for a key that nobody reads, with the nearest one that is.
func requireKeys(of object: JSONValue, among known: [String], in what: String) throws(GraphFault) {
    for (key, _) in object.members ?? [] where !known.contains(key) {
        let hint = closestName(to: key, among: known).map { "; did you mean “\($0)”?" } ?? ""
        throw GraphFault("\(what) has no key “\(key.prefix(60))”\(hint)")
    }
}

extension GraphDescriptor.Step {
    private static let keys = [
        "name", "in", "transform", "model", "combine", "when", "timeout_ms", "on_error", "cache",
    ]

    fileprivate init(_ value: JSONValue) throws(GraphFault) {
        guard let members = value.members, let name = value["name"]?.string else {
            throw GraphFault("a step is no object with a “name”")
        }
        let fault = { (reason: String) in GraphFault("step “\(name.prefix(64))”: \(reason)") }
        guard isStepName(name) else {
            throw fault(
                "a name has 1 to 64 lower-case letters, digits, “-” and “_”, begins with a letter, and is not “input”")
        }
        for (key, _) in members where !Self.keys.contains(key) { throw fault("it has no key “\(key.prefix(60))”") }
        let sources = value["in"]?.elements?.map(\.string) ?? []
        guard !sources.isEmpty, sources.allSatisfy({ $0 != nil }) else { throw fault("“in” lists no references") }
        let kinds = [value["transform"], value["model"], value["combine"]].compactMap(\.self)
        guard kinds.count == 1 else { throw fault("it has one of “transform”, “model” and “combine”") }
        let work: GraphDescriptor.Work
        if let operations = value["transform"] {
            guard let list = operations.elements else { throw fault("“transform” is no list") }
            work = .transform(list)
        } else if let model = value["model"] {
            work = .model(try GraphDescriptor.Model(model, fault))
        } else {
            work = .combine(kinds[0])
        }
        do throws(GraphFault) {
            self.init(
                name,
                in: try sources.compactMap(\.self).map { source throws(GraphFault) in try GraphReference(source) }, work
            )
            if let conditions = value["when"] {
                self.conditions = try GraphDescriptor.Condition.list(conditions)
            }
        } catch {
            throw fault(error.reason)
        }
        if let timeout = value["timeout_ms"] {
            guard let milliseconds = timeout.integer, (1...86_400_000).contains(milliseconds) else {
                throw fault("“timeout_ms” takes 1 to 86400000")
            }
            timeoutMilliseconds = Int(milliseconds)
        }
        do throws(GraphFault) {
            failurePolicy = try GraphDescriptor.FailurePolicy(value["on_error"])
        } catch {
            throw fault(error.reason)
        }
        if let cache = value["cache"] {
            guard let count = cache.integer, (0...10_000_000).contains(count) else {
                throw fault("“cache” takes a count of rows")
            }
            cachedRows = Int(count)
        }
    }

    fileprivate var json: JSONValue {
        let policy: JSONValue? =
            switch failurePolicy {
            case .fail: JSONValue?.none
            case .skip: .string("skip")
            case .value(let value): .record([("value", value)])
            }
        var fields: [(String, JSONValue?)] = [
            ("name", .string(name)), ("in", .array(sources.map { .string($0.description) })),
        ]
        switch work {
        case .transform(let operations): fields.append(("transform", .array(operations)))
        case .model(let model): fields.append(("model", model.json))
        case .combine(let rule): fields.append(("combine", rule))
        }
        fields += [
            ("when", conditions.isEmpty ? nil : .array(conditions.map(\.json))),
            ("timeout_ms", timeoutMilliseconds.map { .integer(Int64($0)) }), ("on_error", policy),
            ("cache", cachedRows == 0 ? nil : .integer(Int64(cachedRows))),
        ]
        return .record(fields)
    }
}

extension GraphDescriptor.FailurePolicy {
    /// - Parameter value: `nil` for what is usual.
    package init(_ value: JSONValue?) throws(GraphFault) {
        switch value {
        case nil, .string("fail"): self = .fail
        case .string("skip"): self = .skip
        case let policy?:
            guard let constant = policy["value"], policy.members?.count == 1 else {
                throw GraphFault("“on_error” takes “fail”, “skip” or {“value”: …}")
            }
            self = .value(constant)
        }
    }
}

extension GraphDescriptor.Model {
    fileprivate init(_ value: JSONValue, _ fault: (String) -> GraphFault) throws(GraphFault) {
        let known: [String]
        if let engine = value["engine"]?.string, let file = value["file"]?.string {
            guard isInside(file) else { throw fault("“\(file.prefix(100))” is no path inside the bundle") }
            self = .file(file, engine: engine)
            known = ["engine", "file"]
        } else if let folder = value["bundle"]?.string {
            guard isInside(folder) else { throw fault("“\(folder.prefix(100))” is no path inside the bundle") }
            self = .bundle(folder: folder, version: value["version"]?.string)
            known = ["bundle", "version"]
        } else {
            throw fault("“model” is neither {“engine”, “file”} nor {“bundle”}")
        }
        do throws(GraphFault) {
            try requireKeys(of: value, among: known, in: "“model”")
        } catch {
            throw fault(error.reason)
        }
    }

    fileprivate var json: JSONValue {
        switch self {
        case .file(let file, let engine): .record([("engine", .string(engine)), ("file", .string(file))])
        case .bundle(let folder, let version):
            .record([("bundle", .string(folder)), ("version", version.map(JSONValue.string))])
        }
    }
}

extension GraphDescriptor.Condition {
    package static func list(_ value: JSONValue) throws(GraphFault) -> [Self] {
        guard let elements = value.elements else { throw GraphFault("“when” is no list of conditions") }
        return try elements.map { element throws(GraphFault) in try Self(element) }
    }

    private init(_ value: JSONValue) throws(GraphFault) {
        guard let members = value.members, members.count == 2, let source = value["of"]?.string,
            let (name, operand) = members.first(where: { $0.name != "of" })
        else { throw GraphFault("a condition is {“of”: REFERENCE} with one test") }
        let fault = GraphFault(
            "the condition of “\(source.prefix(100))” has a test “\(name.prefix(40))” that says nothing")
        let test: GraphDescriptor.Test
        switch (name, operand) {
        case ("above", _): test = .above(try Self.number(operand, fault))
        case ("below", _): test = .below(try Self.number(operand, fault))
        case ("between", .array(let ends)):
            guard ends.count == 2 else { throw fault }
            let (low, high) = (try Self.number(ends[0], fault), try Self.number(ends[1], fault))
            guard low <= high else { throw fault }
            test = .between(low, high)
        case ("equals", _): test = .oneOf([operand])
        case ("one_of", .array(let values)): test = .oneOf(values)
        case ("missing", .bool(let flag)): test = .missing(flag)
        default: throw fault
        }
        self.init(try GraphReference(source), test)
    }

    private static func number(_ value: JSONValue, _ fault: GraphFault) throws(GraphFault) -> Double {
        guard let number = value.double, !number.isNaN else { throw fault }
        return number
    }

    package var json: JSONValue {
        let (name, operand): (String, JSONValue) =
            switch test {
            case .above(let bound): ("above", .double(bound))
            case .below(let bound): ("below", .double(bound))
            case .between(let low, let high): ("between", .array([.double(low), .double(high)]))
            case .oneOf(let values): values.count == 1 ? ("equals", values[0]) : ("one_of", .array(values))
            case .missing(let flag): ("missing", .bool(flag))
            }
        return .record([("of", .string(source.description)), (name, operand)])
    }
}
