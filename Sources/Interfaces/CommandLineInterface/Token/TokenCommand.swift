// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ModelDomain
internal import WireTypes

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Say who may do what: make, list, revoke and replace tokens.",
        discussion: """
            Roles are viewer (sees what there is), predictor (asks endpoints), developer (changes what there is), \
            approver (changes what answers) and admin (changes who may).

            Example: slipway token list
            """,
        subcommands: [TokenCreate.self, TokenList.self, TokenRevoke.self, TokenRotate.self])
}

/// What a command that ends a token says.
struct RevokedReport: Encodable {
    let id: String
    let revoked: Bool
}

extension OutputOptions {
    /// The token alone goes to standard output, so that a script can take it; what it may do goes to standard error.
    func write(_ issued: IssuedTokenV1) throws {
        if format == .text {
            Console.current.note("token \(issued.record.id): \(issued.record.line.printable)")
            Console.current.note("It is shown this once; only its hash is kept.")
        }
        try write(issued, asText: issued.token)
    }
}

extension TokenV1 {
    /// For people.
    var line: String {
        let parts: [String?] = [
            "\(principal) is \(roles.joined(separator: ", "))", project.map { "project \($0)" },
            endpoints.map { "endpoints \($0.joined(separator: ", "))" }, expiresAt.map { "until \($0)" },
        ]
        return parts.compactMap(\.self).joined(separator: "; ")
    }
}
