// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// Stands for whom rows are about: drawn at random, so that it says nothing once the key is gone.
package struct SubjectReference: Sendable, Hashable, CustomStringConvertible {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    package static func random() -> SubjectReference {
        SubjectReference(high: .random(in: 1...UInt64.max), low: .random(in: 0...UInt64.max))
    }

    /// 32 hexadecimal digits.
    package var description: String { [high, low].map(sixteenDigits).joined() }

    /// - Returns: `nil` for what is none.
    package init?(_ text: String) {
        guard text.utf8.count == 32, let high = UInt64(text.prefix(16), radix: 16),
            let low = UInt64(text.suffix(16), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
    }

    var bytes: [UInt8] { [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } } }
}

private func sixteenDigits(_ word: UInt64) -> String {
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}

/// What the log keeps of a subject is readable with this, and with nothing else.
package struct SubjectKey: Sendable, Hashable {
    package let reference: SubjectReference
    /// 32 random bytes.
    package let secret: [UInt8]

    package init(reference: SubjectReference, secret: [UInt8]) {
        self.reference = reference
        self.secret = secret
    }

    package static func random() -> SubjectKey {
        var generator = SystemRandomNumberGenerator()
        return SubjectKey(
            reference: .random(), secret: (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }
}

/// Port: where keys of subjects are, apart from the log and from what backups copy. Every conforming type passes
/// `SubjectKeyStoreContract`.
///
/// A subject is here as the keyed hash of who it is, 64 hexadecimal digits.
package protocol SubjectKeyStore: Sendable {
    /// Keys of subjects, made for those that have none; on disk when this returns.
    func keys(of subjects: Set<String>, in project: ProjectName) async throws -> [String: SubjectKey]
    /// The key of a subject that has one.
    func key(of subject: String, in project: ProjectName) async throws -> SubjectKey?
    /// Those of the secrets that are there.
    func secrets(of references: Set<SubjectReference>) async throws -> [SubjectReference: [UInt8]]
    /// Destroys the key of a subject.
    ///
    /// - Returns: What stood for it; `nil` where there was none.
    func destroy(_ subject: String, in project: ProjectName) async throws -> SubjectReference?
}
