// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// What alerts go to.
package struct DestinationName: GivenName {
    package static let noun = "destination"
    package let rawValue: String
    package init(trusted text: String) { rawValue = text }
}

/// Where a secret is: it is looked up whenever it is needed, and kept nowhere.
package enum SecretReference: Sendable, Hashable, CustomStringConvertible {
    /// A variable of the server's environment.
    case environment(String)
    /// A file on the server's machine.
    case file(String)

    package static let form = "env:NAME or file:/PATH"

    /// - Throws: `IN-006` for what names neither.
    package init(_ text: String) throws(Refusal) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let isPlain = text.utf8.count <= 1000 && text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F }
        switch parts.first {
        case "env" where parts.count == 2 && isPlain && Self.isVariable(parts[1]): self = .environment(parts[1])
        case "file" where parts.count == 2 && isPlain && parts[1].hasPrefix("/"): self = .file(parts[1])
        default:
            // Not repeated: somebody may have put the secret itself there.
            throw Refusal(
                .outOfRange, .invalidInput, "A secret is named, and never given itself.",
                hint: "Write \(Self.form): what is there is read on the server when it is needed.",
                details: [.init("field", "secret")])
        }
    }

    /// The server's own are none of a destination's business.
    private static func isVariable(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first), !name.hasPrefix("SLIPWAY_") else {
            return false
        }
        return name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
        }
    }

    package var description: String {
        switch self {
        case .environment(let name): "env:\(name)"
        case .file(let path): "file:\(path)"
        }
    }
}

/// An address that is told itself, or one that is a secret.
package enum DestinationAddress: Sendable, Hashable, CustomStringConvertible {
    case url(String)
    case secret(SecretReference)

    /// - Throws: `IN-006` for what is neither.
    package init(_ text: String) throws(Refusal) {
        if text.hasPrefix("env:") || text.hasPrefix("file:") {
            self = .secret(try SecretReference(text))
        } else {
            self = .url(text)
        }
    }

    /// As it is kept.
    package var description: String {
        switch self {
        case .url(let url): url
        case .secret(let reference): reference.description
        }
    }

    /// As it is shown. What stands behind the host is often what keeps strangers out.
    package var shown: String {
        guard case .url(let url) = self else { return description }
        let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, !parts[3].isEmpty else { return url }
        return parts.prefix(3).joined(separator: "/") + "/…"
    }
}

/// Somewhere that alerts are told.
package struct AlertDestination: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        case webhook, slack, alertmanager, mail
    }

    /// What came of the notices that went there.
    package struct Outcome: Sendable, Hashable {
        package var deliveredAt: Timestamp?
        package var failedAt: Timestamp?
        /// Why the last one did not arrive; `nil` once one has.
        package var problem: String?
        /// Notices that were given up.
        package var givenUp = 0
        /// Notices that wait.
        package var waiting = 0

        package init() {}
    }

    package let name: DestinationName
    package let kind: Kind
    /// Of mail, the server: `smtp://HOST:PORT` or `smtps://HOST:PORT`.
    package let address: DestinationAddress
    /// Of a webhook, what it is signed with; of an Alertmanager, the bearer's token; of mail, the password.
    package let secret: SecretReference?
    /// Of mail.
    package let mail: MailHeads?
    package let createdAt: Timestamp
    package let createdBy: String
    package var outcome: Outcome

    package init(
        name: DestinationName, kind: Kind, address: DestinationAddress, secret: SecretReference?, mail: MailHeads?,
        createdAt: Timestamp, createdBy: String, outcome: Outcome = Outcome()
    ) {
        self.name = name
        self.kind = kind
        self.address = address
        self.secret = secret
        self.mail = mail
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.outcome = outcome
    }

    /// For the ledger.
    var line: String {
        var parts = [kind.rawValue, address.shown]
        if let secret { parts.append("secret=\(secret)") }
        if let mail { parts += ["from=\(mail.from)", "to=\(mail.to.joined(separator: ","))"] }
        return parts.joined(separator: " ")
    }
}

/// Between whom mail goes.
package struct MailHeads: Sendable, Codable, Hashable {
    package let from: String
    package let to: [String]
    /// Who logs in at the server; `nil` for nobody.
    package let user: String?

    /// - Throws: `IN-006` for what is no address.
    package init(from: String, to: [String], user: String?) throws(Refusal) {
        for address in [from] + to where !Self.isAddress(address) {
            throw Refusal(
                .outOfRange, .invalidInput, "“\(address.prefix(100))” is no mail address.",
                hint: "Write it as ops@example.com.", details: [.init("field", "mail")])
        }
        let isPlain = (user ?? "").unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        guard (1...20).contains(to.count), isPlain, (user ?? "").utf8.count <= 200 else {
            throw Refusal(
                .outOfRange, .invalidInput, "Mail goes to 1 to 20 addresses.", hint: "Give --to ADDRESS for each.",
                details: [.init("field", "to")])
        }
        self.from = from
        self.to = to
        self.user = user
    }

    /// What goes into a line of SMTP as it stands: no space, no bracket, no sign beyond ASCII.
    private static func isAddress(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty } && text.utf8.count <= 254
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"<>,;:\"\\()[]".utf8.contains($0) }
    }
}
