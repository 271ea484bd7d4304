// SPDX-License-Identifier: Apache-2.0

/// The calls that are answered on the event loop, before the web framework sees them.
package enum FastRoute: Equatable {
    /// `/v2`
    case server
    /// `/v2/health/live`
    case live
    /// `/v2/health/ready`
    case ready
    /// `/v2/models`
    case models
    /// `/v2/models/NAME[/versions/VERSION]`
    case metadata(String, version: String?)
    /// `/v2/models/NAME[/versions/VERSION]/ready`
    case modelReady(String, version: String?)
    /// `/v2/models/NAME[/versions/VERSION]/infer`
    case infer(String, version: String?)
    /// `/v1/endpoints/NAME/predict`
    case predict(String)
    /// Anything else under `/v2`: its clients expect errors in their own form.
    case unknown

    /// - Returns: `nil` for what the framework answers.
    package init?(path: Substring) {
        var parts = PathParts(rest: path.utf8)
        guard let root = parts.next(), root.isEmpty, let version = parts.next() else { return nil }
        if version.elementsEqual("v2".utf8) {
            self.init(inferenceProtocol: &parts)
        } else if version.elementsEqual("v1".utf8), parts.next()?.elementsEqual("endpoints".utf8) ?? false,
            let name = parts.next(), parts.next()?.elementsEqual("predict".utf8) ?? false, parts.isAtEnd
        {
            self = .predict(text(name))
        } else {
            return nil
        }
    }

    private init(inferenceProtocol parts: inout PathParts) {
        guard let noun = parts.next(), !noun.isEmpty || !parts.isAtEnd else {
            self = .server
            return
        }
        if noun.elementsEqual("models".utf8) {
            self.init(model: &parts)
        } else if noun.elementsEqual("health".utf8), let kind = parts.next(), parts.isAtEnd {
            self =
                switch Substring(kind) {
                case "live": .live
                case "ready": .ready
                default: .unknown
                }
        } else {
            self = .unknown
        }
    }

    private init(model parts: inout PathParts) {
        guard let name = parts.next().map(text), !name.isEmpty else {
            self = .models
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
        if !parts.isAtEnd {
            self = .unknown
        } else if verb.elementsEqual("infer".utf8) {
            self = .infer(name, version: version)
        } else if verb.elementsEqual("ready".utf8) {
            self = .modelReady(name, version: version)
        } else {
            self = .unknown
        }
    }

    /// Whether answers to it carry a prediction id.
    var isPrediction: Bool {
        switch self {
        case .infer, .predict: true
        default: false
        }
    }

    /// The endpoint that it names.
    var endpoint: String? {
        switch self {
        case .metadata(let name, _), .modelReady(let name, _), .infer(let name, _), .predict(let name): name
        case .server, .live, .ready, .models, .unknown: nil
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
