// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// How a person names a version of a model: `3`, `@champion`, or `sha256:` and the first digits of its bundle's digest.
package enum VersionSelector: Sendable, Hashable, CustomStringConvertible {
    case number(Int)
    case alias(AliasName)
    /// 8 to 64 lower-case hexadecimal digits.
    case digest(prefix: String)

    /// Fewer digits would soon mean several bundles.
    static let fewestDigits = 8

    /// - Throws: `REG-002` when `text` is none of these; `REG-005` for an alias that is no name.
    package init(_ text: String) throws {
        if text.hasPrefix("@") {
            self = .alias(try AliasName(String(text.dropFirst())))
        } else if text.hasPrefix("sha256:") {
            let digits = text.dropFirst(7)
            guard (Self.fewestDigits...64).contains(digits.utf8.count),
                digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
            else { throw RegistryError.unreadableSelector(String(text.prefix(100))) }
            self = .digest(prefix: String(digits))
        } else {
            guard let number = Int(text), number > 0, String(number) == text else {
                throw RegistryError.unreadableSelector(String(text.prefix(100)))
            }
            self = .number(number)
        }
    }

    package var description: String {
        switch self {
        case .number(let number): String(number)
        case .alias(let alias): "@\(alias)"
        case .digest(let prefix): "sha256:\(prefix)"
        }
    }
}
