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
        let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[0].isEmpty else { return nil }
        if parts[1].elementsEqual("v2".utf8) {
            self.init(inferenceProtocol: parts.dropFirst(2))
        } else if parts.count == 5, parts[4].elementsEqual("predict".utf8), parts[2].elementsEqual("endpoints".utf8),
            parts[1].elementsEqual("v1".utf8)
        {
            self = .predict(text(parts[3]))
        } else {
            return nil
        }
    }

    private init(inferenceProtocol parts: ArraySlice<Substring.UTF8View>) {
        var rest = parts
        guard let noun = rest.popFirst() else {
            self = .server
            return
        }
        switch Substring(noun) {
        case "models":
            self.init(model: rest)
        case "health" where rest.count == 1:
            switch Substring(rest[rest.startIndex]) {
            case "live": self = .live
            case "ready": self = .ready
            default: self = .unknown
            }
        case "" where rest.isEmpty:
            self = .server
        default:
            self = .unknown
        }
    }

    private init(model parts: ArraySlice<Substring.UTF8View>) {
        var rest = parts
        guard let name = rest.popFirst().map(text), !name.isEmpty else {
            self = .models
            return
        }
        var version: String?
        if rest.count >= 2, let first = rest.first, first.elementsEqual("versions".utf8) {
            rest.removeFirst()
            version = rest.popFirst().map(text)
        }
        guard let verb = rest.popFirst() else {
            self = .metadata(name, version: version)
            return
        }
        if !rest.isEmpty {
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

private func text(_ part: Substring.UTF8View) -> String { String(Substring(part)) }
