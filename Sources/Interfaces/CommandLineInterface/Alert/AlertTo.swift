// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import ModelMonitoring
internal import WireTypes

struct AlertTo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "to",
        abstract: "Say where alerts go: webhooks, Slack, Alertmanager, mail.",
        discussion: "Example: slipway alert to list",
        subcommands: [AlertToAdd.self, AlertToList.self, AlertToRemove.self])
}

struct AlertToAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Have alerts go somewhere.",
        discussion: """
            Secrets are named, and read on the server whenever they are needed: env:NAME is a variable of its \
            environment, file:/PATH a file on its machine.

            Example: slipway alert to add ops --webhook https://ops.example/hook --secret file:/run/secrets/hook
            """)

    @Argument(help: "What to call it.")
    var name: DestinationName

    @Option(help: ArgumentHelp("A webhook, signed with --secret: its address, or where that lies.", valueName: "url"))
    var webhook: String?

    @Option(
        help: ArgumentHelp(
            "An incoming webhook of Slack's, or of what does as Slack does: where its address lies, which is a secret.",
            valueName: "env:NAME"))
    var slack: String?

    @Option(help: ArgumentHelp("An Alertmanager; --secret is a bearer's token, where it wants one.", valueName: "url"))
    var alertmanager: String?

    @Option(
        help: ArgumentHelp(
            "A mail server: smtps://HOST:PORT, or smtp://HOST:PORT for one that offers encryption itself.",
            valueName: "url"))
    var mail: String?

    @Option(help: ArgumentHelp("Of mail: who it is from.", valueName: "address"))
    var from: String?

    @Option(help: ArgumentHelp("Of mail: whom it goes to, once for each.", valueName: "address"))
    var to: [String] = []

    @Option(help: ArgumentHelp("Of mail: who logs in, with --secret as the password.", valueName: "name"))
    var user: String?

    @Option(help: ArgumentHelp("Where its secret is.", valueName: "env:NAME|file:/PATH"))
    var secret: String?

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    private var addresses: [(kind: String, address: String)] {
        [("webhook", webhook), ("slack", slack), ("alertmanager", alertmanager), ("mail", mail)].compactMap {
            kind, address in address.map { (kind, $0) }
        }
    }

    func validate() throws {
        guard addresses.count == 1 else {
            throw ValidationError("Give one of --webhook, --slack, --alertmanager and --mail.")
        }
        guard mail != nil || (from == nil && to.isEmpty && user == nil) else {
            throw ValidationError("--from, --to and --user go with --mail.")
        }
        guard mail == nil || (from != nil && !to.isEmpty) else {
            throw ValidationError("--mail needs --from and --to.")
        }
    }

    mutating func run() async throws {
        let (kind, address) = addresses[0]
        // Before it goes anywhere: what is no reference may be the secret itself.
        _ = try secret.map { try SecretReference($0) }
        let made = try await server.client().addAlertDestination(
            CreateAlertDestinationV1(
                name: name.rawValue, kind: kind, address: address, secret: secret, from: from,
                to: mail == nil ? nil : to, user: user))
        try output.write(
            made,
            asText:
                "alerts go to \(made.name): \(made.kind) \(made.address.printable)\nnext: slipway alert test \(made.name)"
        )
    }
}

struct AlertToList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List where alerts go, and what came of it. Secrets are nowhere shown.",
        discussion: "Example: slipway alert to list --format json")

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let destinations = try await server.client().alertDestinations()
        let table = Table(
            header: ["NAME", "KIND", "ADDRESS", "SECRET", "DELIVERED", "WAITING", "GIVEN UP", "PROBLEM"],
            rows: destinations.map { one in
                [
                    one.name, one.kind, one.address, one.secret ?? "-", one.deliveredAt ?? "never", String(one.waiting),
                    String(one.givenUp), one.problem ?? "",
                ]
            })
        try output.write(
            destinations,
            asText: destinations.isEmpty
                ? "alerts go nowhere; next: slipway alert to add NAME --webhook URL" : table.text)
    }
}

struct AlertToRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Have alerts go there no more; what was on its way is not sent.",
        discussion: "Example: slipway alert to remove ops")

    @Argument(help: "Its name, as `slipway alert to list` shows it.")
    var name: DestinationName

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    private struct Removed: Encodable {
        let name: String
        let removed = true
    }

    mutating func run() async throws {
        try await server.client().removeAlertDestination(name.rawValue)
        try output.write(Removed(name: name.rawValue), asText: "alerts go to \(name) no more")
    }
}
