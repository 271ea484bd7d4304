// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ModelDomain

struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Deploy a model that came along with the program, and ask it.",
        discussion: """
            Takes the way that your own model would: it is packed, proven, sent to the server of this machine, which is \
            started when none runs, and asked for one prediction.

            Example: slipway demo
            """,
        subcommands: [DemoDrift.self])

    /// The example, and the endpoint that it names.
    static let example = "breast-cancer"

    @OptionGroup var folder: DataOptions

    mutating func run() async throws {
        let path = try await Self.path()
        let data = folder.data.map { ["--data", $0] } ?? []
        let row = "\(path)/row.json"

        try Console.current.line("$ slipway deploy \(shellWord(path).printable)")
        var deploy = try Deploy.parse([path, "--reason", "demo"] + data)
        try await deploy.run()

        try Console.current.line("\n$ slipway predict \(Self.example) --rows \(shellWord(row).printable)")
        var predict = try Predict.parse([Self.example, "--rows", row] + data)
        try await predict.run()

        try Console.current.line(
            """

            Next:
              slipway deploy PATH      your own model
              slipway status           what answers, and on what evidence
              slipway demo drift       what happens when traffic changes
              slipway stop             end the server; everything is kept
            """)
    }

    /// Where the example lies.
    ///
    /// - Throws: `PRJ-006` where it did not come along.
    static func path() async throws -> String {
        guard let path = try await Tools.required().example(example) else {
            throw Refusal(
                .fileMissing, .notFound, "The example “\(example)” did not come along with this program.",
                hint: "Deploy a model of your own: `slipway deploy PATH`.")
        }
        return path
    }
}
