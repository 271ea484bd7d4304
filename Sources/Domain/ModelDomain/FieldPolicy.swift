// SPDX-License-Identifier: Apache-2.0
package import Tensors

/// What the log keeps of a column.
package enum FieldPolicy: String, Sendable, Hashable, CaseIterable {
    /// The value.
    case keep
    /// A keyed hash of it: equal values can be told, and nothing else.
    case hash
    /// Nothing but what counters say of all values together.
    case sketch
    /// Nothing.
    case drop
}

/// What the names of columns that hold personal data have among their words. A list that errs on the side of hashing: a
/// policy of one's own goes before it.
package let personalWords: Set<String> = [
    "address", "birthdate", "birthday", "dob", "email", "firstname", "forename", "fullname", "iban", "id", "ip",
    "lastname", "login", "mail", "mobile", "name", "passport", "phone", "ssn", "street", "surname", "tel", "telephone",
    "username", "uuid",
]

extension FieldPolicy {
    /// What is done with a column of which nobody has said it.
    ///
    /// Texts whose name has one of ``personalWords`` among its words, and whole numbers whose name ends with one that
    /// identifies (`id`, `phone`, `ssn`, …), are hashed. Everything else is kept.
    package init(presumedFor name: String, _ datatype: Datatype) {
        let words = words(of: name)
        let isPersonal: Bool
        switch datatype {
        case .bytes: isPersonal = words.contains { personalWords.contains($0) }
        case .int32, .int64, .uint32, .uint64:
            isPersonal =
                words.last.map { ["id", "ip", "mobile", "phone", "ssn", "tel", "telephone"].contains($0) } ?? false
        default: isPersonal = false
        }
        self = isPersonal ? .hash : .keep
    }
}

/// `["customer", "id"]` of `customer_id`, `customerId` and `Customer ID`.
private func words(of name: String) -> [String] {
    var words: [String] = []
    var word = ""
    var wasLower = false
    for character in name {
        if !character.isLetter || (character.isUppercase && wasLower) {
            if !word.isEmpty { words.append(word) }
            word = ""
        }
        if character.isLetter { word += character.lowercased() }
        wasLower = character.isLowercase
    }
    return word.isEmpty ? words : words + [word]
}
