// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain

struct Predict: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask an endpoint for predictions.",
        discussion: """
            Prints one prediction a line, as JSON; --format json prints the whole reply. The id of the prediction goes \
            to standard error.

            Example: slipway predict breast-cancer --rows examples/breast-cancer/row.json
            """)

    @Argument(help: ArgumentHelp("The endpoint.", valueName: "endpoint"))
    var endpoint: EndpointName

    @OptionGroup var asked: RowOptions

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let input = try asked.read()
        let client = try await server.client()
        let prediction =
            switch input {
            case .json(let bytes): try await client.predict(endpoint, rows: bytes)
            case .csv(let bytes): try await client.predictCSV(endpoint, rows: bytes)
            }
        let reply = try PredictionReply(prediction.body)
        switch output.format {
        case .text:
            for line in reply.predictions { try Console.current.line(Array(line)) }
        case .json:
            try Console.current.line(prediction.body)
        }
        Console.current.note(reply.remark(id: prediction.id))
    }
}
