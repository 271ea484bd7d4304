// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import Tensors

/// `model.json`: a version of a model with where it comes from, as it goes from one platform to another.
///
/// Whatever it names by digest travels beside it. What has a role of its own there (data sets, some day) is another line in
/// ``contents``, and an older reader keeps it all the same.
package struct TransferDocument: Sendable {
    package static let fileName = "model.json"
    package static let schema = "slipway.model/1"
    /// The largest that is read: the whole history of the metrics is in it.
    package static let limit = 512 << 20

    /// A content that travels along.
    package struct Content: Sendable, Hashable {
        package let digest: Digest
        package let byteCount: Int
        /// `bundle`, `provenance`, `file` of a bundle, `artifact` of a run or a logged model, `evidence`.
        package let role: String

        package init(digest: Digest, byteCount: Int, role: String) {
            self.digest = digest
            self.byteCount = byteCount
            self.role = role
        }
    }

    let json: JSONValue
    package let model: ModelReference
    package let number: Int
    package let bundle: Digest
    package let provenance: Digest
    package let contents: [Content]

    package var bytes: [UInt8] { json.canonical }
    /// The run and the logged model that travel along, where there are such.
    package var run: String? { json.optionalRecord("run")?.optionalText("id") }
    package var loggedModel: String? { json.optionalRecord("logged_model")?.optionalText("id") }

    /// - Throws: `BAK-001` for what is no such document.
    package init(_ bytes: [UInt8]) throws {
        var limits = CodecLimits.standard
        limits.maxBodyBytes = Self.limit
        guard let json = try? JSONValue.parse(bytes, limits: limits) else { throw unusable("it is no JSON") }
        try self.init(json)
    }

    init(_ json: JSONValue) throws {
        self.json = json
        guard json["schema"]?.string == Self.schema else { throw unusable("it is no exported model") }
        model = ModelReference(
            project: try ProjectName(json.text("project")), name: try ModelName(json.text("model")))
        let version = try json.record("version")
        number = try version.count("number")
        bundle = try version.digest("bundle")
        provenance = try version.digest("provenance")
        contents = try json.list("contents").map { content in
            Content(
                digest: try content.digest("sha256"), byteCount: try content.count("bytes"),
                role: try content.text("role"))
        }
        let named = Set(contents.map(\.digest))
        guard named.contains(bundle), named.contains(provenance) else {
            throw unusable("it names contents that do not travel along")
        }
    }
}

/// - Parameter reason: Without a full stop.
func unusable(_ reason: String) -> Refusal {
    Refusal(
        .backupDamaged, .invalidInput, "The exported model cannot be used: \(reason).",
        hint: "Export it again with `slipway model export`; nothing was changed.")
}

/// Fields of the document; what is missing or of another kind makes it unusable.
extension JSONValue {
    func text(_ key: String) throws -> String {
        guard let text = self[key]?.string else { throw unusable("“\(key)” is no text") }
        return text
    }

    func optionalText(_ key: String) -> String? { self[key]?.string }

    func number(_ key: String) throws -> Int64 {
        guard let number = self[key]?.integer else { throw unusable("“\(key)” is no number") }
        return number
    }

    func count(_ key: String) throws -> Int {
        guard let count = Int(exactly: try number(key)), count >= 0 else { throw unusable("“\(key)” is no count") }
        return count
    }

    func digest(_ key: String) throws -> Digest {
        guard let digest = Digest(try text(key)) else { throw unusable("“\(key)” is no digest") }
        return digest
    }

    func record(_ key: String) throws -> JSONValue {
        guard let value = self[key], value.members != nil else { throw unusable("“\(key)” is missing") }
        return value
    }

    func optionalRecord(_ key: String) -> JSONValue? { self[key].flatMap { $0.members == nil ? nil : $0 } }

    func list(_ key: String) throws -> [JSONValue] {
        guard let values = self[key]?.elements else { throw unusable("“\(key)” is no list") }
        return values
    }

    func texts(_ key: String) throws -> [KeyedText] {
        try list(key).map { KeyedText(try $0.text("key"), try $0.text("value")) }
    }
}

func json(_ texts: [KeyedText]) -> JSONValue {
    .array(texts.map { .record([("key", .string($0.key)), ("value", .string($0.value))]) })
}
