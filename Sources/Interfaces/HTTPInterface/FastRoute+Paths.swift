// SPDX-License-Identifier: Apache-2.0

extension FastRoute {
    /// - Parameter container: The paths that a container's platform has chosen.
    /// - Returns: `nil` for what the framework answers.
    package init?(path: Substring, container: ContainerRoutes? = nil) {
        if let container, let route = container.route(of: path) {
            self = route
            return
        }
        var parts = PathParts(rest: path.utf8)
        guard let root = parts.next(), root.isEmpty, let first = parts.next() else { return nil }
        if first.elementsEqual("v2".utf8) {
            self.init(inferenceProtocol: &parts)
        } else if first.elementsEqual("v1".utf8) {
            self.init(firstVersion: &parts)
        } else {
            self.init(root: first, &parts)
        }
    }

    // MARK: /v2

    private init?(inferenceProtocol parts: inout PathParts) {
        guard let noun = parts.next(), !noun.isEmpty || !parts.isAtEnd else {
            self = .server
            return
        }
        switch Substring(noun) {
        case "models": self.init(model: &parts)
        case "health":
            let kind = parts.next()
            self =
                !parts.isAtEnd
                ? .unknown
                : kind.map { Substring($0) } == "live"
                    ? .live
                    : kind.map { Substring($0) } == "ready" ? .ready : .unknown
        case "repository": self.init(repository: &parts)
        case "trace": self = .unsupported(.trace)
        case "logging": self = .unsupported(.logging)
        case "systemsharedmemory", "cudasharedmemory": self = .unsupported(.sharedMemory)
        default: self = .unknown
        }
    }

    /// `load` and `unload` change what answers, which is administration.
    private init?(repository parts: inout PathParts) {
        switch parts.next().map({ Substring($0) }) {
        case "index" where parts.isAtEnd: self = .repositoryIndex
        case "models": return nil
        default: self = .unknown
        }
    }

    private init(model parts: inout PathParts) {
        guard let name = parts.next().map(text), !name.isEmpty else {
            self = .models
            return
        }
        guard !parts.isAtEnd || name != "stats" else {
            self = .statistics(nil, version: nil)
            return
        }
        var verb = parts.next()
        var version: String?
        if verb?.elementsEqual("versions".utf8) ?? false, let number = parts.next() {
            version = text(number)
            verb = parts.next()
        }
        guard let verb else {
            self = .metadata(name, version: version)
            return
        }
        // The one that matters for speed goes first.
        if verb.elementsEqual("infer".utf8), parts.isAtEnd {
            self = .infer(name, version: version)
            return
        }
        switch Substring(verb) {
        case "ready" where parts.isAtEnd: self = .modelReady(name, version: version)
        case "config" where parts.isAtEnd: self = .configuration(name, version: version)
        case "stats" where parts.isAtEnd: self = .statistics(name, version: version)
        case "infer_stream" where parts.isAtEnd, "generate" where parts.isAtEnd, "generate_stream" where parts.isAtEnd:
            self = .unsupported(.streaming)
        case "trace": self = .unsupported(.trace)
        default: self = .unknown
        }
    }

    // MARK: /v1

    private init?(firstVersion parts: inout PathParts) {
        guard let noun = parts.next() else { return nil }
        if noun.elementsEqual("endpoints".utf8) {
            guard let name = parts.next(), let verb = parts.next(), parts.isAtEnd else { return nil }
            if verb.elementsEqual("predict".utf8) {
                self = .predict(text(name))
            } else if verb.elementsEqual("explain".utf8) {
                self = .explain(text(name))
            } else if verb.elementsEqual("openapi.json".utf8) {
                self = .endpointDocument(text(name))
            } else {
                return nil
            }
        } else if noun.elementsEqual("models".utf8) {
            self.init(served: &parts)
        } else {
            return nil
        }
    }

    /// `NAME[/versions/N | /labels/L][:verb | /metadata]`
    private init?(served parts: inout PathParts) {
        guard let first = parts.next(), !first.isEmpty else {
            self = .servedModels
            return
        }
        var (name, verb) = nameAndVerb(first)
        var version: String?
        var rest = parts.isAtEnd ? nil : parts.next()
        if verb == nil, let selector = rest {
            switch Substring(selector) {
            case "versions":
                guard let number = parts.next() else { return nil }
                let text: String
                (text, verb) = nameAndVerb(number)
                version = text
                rest = parts.isAtEnd ? nil : parts.next()
            case "labels":
                self = .unsupported(.label)
                return
            default: break
            }
        }
        guard parts.isAtEnd, !name.isEmpty else { return nil }
        if let rest {
            guard verb == nil, rest.elementsEqual("metadata".utf8) else { return nil }
            self = .servedMetadata(name, version: version)
            return
        }
        switch verb {
        case nil: self = .servedModel(name, version: version)
        case "predict": self = .predictInstances(name, version: version)
        case "classify": self = .unsupported(.classify)
        case "regress": self = .unsupported(.regress)
        case "explain": self = .unsupported(.explain)
        default: return nil
        }
    }

    // MARK: /

    private init?(root first: Substring.UTF8View, _ parts: inout PathParts) {
        guard parts.isAtEnd else { return nil }
        switch Substring(first) {
        case "": self = .alive
        case "invocations": self = .score(nil)
        case "ping", "health": self = .ping
        case "version": self = .programVersion
        case "openapi.json": self = .document
        default: return nil
        }
    }
}

/// The parts of a path between its slashes, one by one and without an array: this runs for every prediction.
private struct PathParts {
    private(set) var rest: Substring.UTF8View
    private(set) var isAtEnd = false

    init(rest: Substring.UTF8View) { self.rest = rest }

    mutating func next() -> Substring.UTF8View? {
        guard !isAtEnd else { return nil }
        guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else {
            isAtEnd = true
            return rest
        }
        let part = rest[..<slash]
        rest = rest[rest.index(after: slash)...]
        return part
    }
}

private func text(_ part: Substring.UTF8View) -> String { String(Substring(part)) }

/// `churn` and `predict` of `churn:predict`.
private func nameAndVerb(_ part: Substring.UTF8View) -> (name: String, verb: Substring?) {
    guard let colon = part.lastIndex(of: UInt8(ascii: ":")) else { return (text(part), nil) }
    return (text(part[..<colon]), Substring(part[part.index(after: colon)...]))
}
