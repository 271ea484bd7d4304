// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// What somebody looks for in what answers: all of it has to be in the same version.
package struct ContentQuestion: Sendable {
    package let digest: DigestPrefix?
    package let library: PackageRequirement?
    package let dataset: DatasetNaming?
    /// Whether registered versions that answer nowhere are looked into, too.
    package let includesRegistered: Bool

    /// - Throws: `IN-003` when nothing is looked for.
    package init(
        digest: DigestPrefix?, library: PackageRequirement?, dataset: DatasetNaming?, includesRegistered: Bool
    ) throws(Refusal) {
        guard digest != nil || library != nil || dataset != nil else {
            throw Refusal(
                .missingValue, .invalidInput, "Nothing is looked for.",
                hint: "Give a digest, a library or a data set.", details: [.init("field", "digest")])
        }
        self.digest = digest
        self.library = library
        self.dataset = dataset
        self.includesRegistered = includesRegistered
    }
}

/// The beginning of a SHA-256.
package struct DigestPrefix: Sendable, Hashable {
    /// Fewer would soon mean several contents.
    static let fewestDigits = 8

    /// 8 to 64 lower-case hexadecimal digits.
    package let digits: String

    /// With or without `sha256:` before it.
    ///
    /// - Returns: `nil` for what is no such beginning.
    package init?(_ text: String) {
        let digits = (text.hasPrefix("sha256:") ? text.dropFirst(7) : text[...]).lowercased()
        guard (Self.fewestDigits...64).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        self.digits = digits
    }

    package func matches(_ digest: Digest) -> Bool { digest.hex.hasPrefix(digits) }
}

/// How somebody names data that models were trained with.
package enum DatasetNaming: Sendable, Hashable {
    /// By what is in it, or by the digest that a client of MLflow gave it.
    case digest(DigestPrefix)
    /// `churn-train@3` or `churn-train@0a1b2c3d`: a version of a data set, or the digest that MLflow has for it.
    case version(name: String, version: String)
    /// Any of that name: an input of a run, or a file.
    case name(String)

    /// - Throws: `IN-006` for nothing, or what is too long to be one.
    package init(_ text: String) throws(Refusal) {
        guard (1...1000).contains(text.utf8.count), text.unicodeScalars.allSatisfy({ $0.value >= 0x20 }) else {
            throw Refusal(
                .outOfRange, .invalidInput, "“\(text.prefix(100))” names no data set.",
                hint: "Write its name, NAME@VERSION, or a digest.", details: [.init("field", "dataset")])
        }
        if let prefix = DigestPrefix(text) {
            self = .digest(prefix)
        } else if let sign = text.lastIndex(of: "@"), sign > text.startIndex, text.index(after: sign) < text.endIndex {
            self = .version(name: String(text[..<sign]), version: String(text[text.index(after: sign)...]))
        } else {
            self = .name(text)
        }
    }
}

/// What a version of a data set consists of, by digest; `nil` when no data set of that name has such a version.
///
/// The seam to whatever keeps versions of data.
package typealias DatasetContents =
    @Sendable (_ name: String, _ version: String, _ project: ProjectName) async throws -> [Digest]?
