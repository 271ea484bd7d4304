// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import WireTypes

struct TokenCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a token. It is printed once; the server keeps its hash.",
        discussion: "Example: slipway token create ada --role developer,approver --project growth --expires 90d")

    @Argument(help: "Whose token it is: a person or a program, who may have several.")
    var name: PrincipalName

    @Option(
        help: ArgumentHelp("What its bearer is: \(RoleList.form); several with commas.", valueName: "role,…"))
    var role: RoleList

    @Option(help: "The project that it is for; without it, all of them.")
    var project: ProjectName?

    @Option(help: "An endpoint that it is for, once for each; without it, everything in the project.")
    var endpoint: [EndpointName] = []

    @Option(
        help: ArgumentHelp("How long it holds, such as 12h or 90d; without it, until it is revoked.", valueName: "time")
    )
    var expires: Lifetime?

    @Option(help: ArgumentHelp("What it is for, in your own words.", valueName: "text"))
    var note: String?

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let issued = try await server.client().createToken(
            CreateTokenV1(
                principal: name.rawValue, roles: role.roles.map(\.rawValue), project: project?.rawValue,
                endpoints: endpoint.isEmpty ? nil : endpoint.map(\.rawValue), expiresIn: expires?.description,
                note: note))
        try output.write(issued)
    }
}
