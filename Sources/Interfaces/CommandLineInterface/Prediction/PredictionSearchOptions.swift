// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain

/// Which predictions are meant.
struct PredictionSearchOptions: ParsableArguments {
    @Option(help: "The endpoint; all without it.")
    var endpoint: EndpointName?

    @Option(help: ArgumentHelp("From then on: \(Timestamp.form).", valueName: "time"))
    var from: Timestamp?

    @Option(help: ArgumentHelp("Before then.", valueName: "time"))
    var to: Timestamp?

    @Option(help: ArgumentHelp("The number of the model's version.", valueName: "number"))
    var version: Int?

    @Option(help: "What became of it: answered, invalid, overloaded, late, unavailable or failed.")
    var status: String?

    @Option(help: "What the caller said that it is about, in the header slipway-key.")
    var key: String?

    @Option(help: "Whose token came with it.")
    var principal: String?

    /// Whether anything is said of which ones are meant.
    var isGiven: Bool {
        endpoint != nil || from != nil || to != nil || version != nil || status != nil || key != nil || principal != nil
    }

    var search: SlipwayClient.PredictionSearch {
        var search = SlipwayClient.PredictionSearch()
        (search.endpoint, search.from, search.to, search.version) = (endpoint, from, to, version)
        (search.status, search.key, search.principal) = (status, key, principal)
        return search
    }
}
