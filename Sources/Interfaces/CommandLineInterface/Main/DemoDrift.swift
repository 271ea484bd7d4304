// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import Foundation
internal import ModelDomain
internal import Statistics
internal import WireTypes

struct DemoDrift: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drift",
        abstract: "Send the demo's model traffic that is not what it was made for, and see how that is found.",
        discussion: """
            Rows of the training data are drawn again and again until it is known how much windows differ among \
            themselves; then every tumor is measured a little larger than it is.

            Example: slipway demo drift
            """)

    private static let window = 500
    /// How far “mean radius” is moved, in its own unit; a standard deviation of the training data is 3.5.
    private static let (column, shift) = ("mean radius", 3.5)
    /// What is sent at most until drift is judged, and afterwards until it is found.
    private static let (mostCalm, mostMoved) = (30, 6)
    /// Windows that are compared before drift is judged, and two that the answers are learned from.
    private static let calibration = 24

    @OptionGroup var folder: DataOptions

    mutating func run() async throws {
        let name = EndpointName(trusted: Demo.example)
        let data = folder.data.map { ["--data", $0] } ?? []
        let path = try await Demo.path()
        let rows = try DemoRows(of: path)
        let looking = try Drift.parse([Demo.example] + data)
        if try await looking.server.clientIfAny()?.endpoints().contains(where: { $0.name == Demo.example }) != true {
            try Console.current.line("$ slipway deploy \(shellWord(path).printable)")
            var deploy = try Deploy.parse([path, "--reason", "demo"] + data)
            try await deploy.run()
        }
        let client = try await looking.server.client()

        try Console.current.line("\n$ slipway endpoint set \(name) --monitor-window \(Self.window)rows")
        _ = try await client.configureEndpoint(
            name,
            ConfigureEndpointV1(
                settings: [EndpointSettings.Key.monitorWindow.rawValue: "\(Self.window)rows"], reset: nil,
                reason: "demo"))
        var random = SplitMix(seed: UInt64(Date().timeIntervalSince1970))
        var labels = DemoLabels()
        try Console.current.line("\nSending rows like those that the model was trained on, until drift can be judged …")
        let calm = try await send(rows, Self.mostCalm, shift: 0, to: name, by: client, &random, &labels) {
            $0.state == "judged" && $0.level == "ok"
        }
        try Console.current.line("\(calm) rows. Now \(Self.shift) is added to every “\(Self.column)” …")
        let moved = try await send(rows, Self.mostMoved, shift: Self.shift, to: name, by: client, &random, &labels) {
            $0.level == "critical"
        }
        try Console.current.line("found after \(moved) rows.\n\n$ slipway drift \(name)")
        try await drift(data)
        try await Self.waitForAlert(about: name, client)
        try Console.current.line("\n$ slipway alert list")
        var alerts = try AlertList.parse(["--endpoint", Demo.example] + data)
        try await alerts.run()
        try Console.current.line("\nDoctors say what the \(labels.count) tumors were: sending the labels …")
        _ = try await client.sendFeedback(labels.csv, type: "text/csv", endpoint: name)
        try Console.current.line("\n$ slipway quality \(name)")
        var quality = try Quality.parse([Demo.example] + data)
        try await quality.run()
        try Console.current.line(
            """

            Next:
              slipway alert show NUMBER                    what was found, over what, and what is normal
              slipway prediction list --limit 3            what was asked; slipway receipt ID says what answered it
              slipway endpoint set \(name) --reset    judge by the hour again
            """)
    }

    private func drift(_ data: [String]) async throws {
        var drift = try Drift.parse([Demo.example] + data)
        try await drift.run()
    }

    /// Sends windows until the server says what is waited for.
    ///
    /// - Returns: Rows that were sent.
    private func send(
        _ rows: DemoRows, _ most: Int, shift: Double, to name: EndpointName, by client: SlipwayClient,
        _ random: inout SplitMix, _ labels: inout DemoLabels, until isReached: (DriftV1) -> Bool
    ) async throws -> Int {
        for count in 1...most {
            // Two requests: the log keeps what is in a request up to 64 KiB.
            for _ in 0..<2 {
                let drawn = rows.draw(Self.window / 2, adding: shift, to: Self.column, &random)
                let prediction = try await client.predict(name, rows: drawn.json)
                labels.note(drawn.labels, of: prediction.id)
            }
            // Before so many windows nothing is judged that could be waited for.
            guard shift != 0 || count >= Self.calibration else { continue }
            if try await isReached(settled(name, client)) { return count * Self.window }
        }
        let said = try await settled(name, client)
        guard isReached(said) else {
            throw Refusal(
                .objectivesMissed, .conflict, "The monitor did not come as far as this demo wants: \(said.message)",
                hint: "Look at it with `slipway drift \(name)`, and try again.")
        }
        return most * Self.window
    }

    /// What the monitor says once nothing is on its way to it any more.
    private func settled(_ name: EndpointName, _ client: SlipwayClient) async throws -> DriftV1 {
        var said = try await client.drift(name, windows: 1)
        for _ in 0..<30 {
            try await Task.sleep(for: .milliseconds(500))
            let now = try await client.drift(name, windows: 1)
            if now.newest != said.newest || now.state != said.state { return now }
            said = now
        }
        return said
    }

    private static func waitForAlert(about name: EndpointName, _ client: SlipwayClient) async throws {
        for _ in 0..<60 {
            if try await !client.alerts(all: false, endpoint: name.rawValue).isEmpty { return }
            try await Task.sleep(for: .milliseconds(500))
        }
    }
}

/// The rows that the demo's model was trained on.
private struct DemoRows {
    private let names: [String]
    private let rows: [[Double]]
    private let labels: [String]

    /// - Parameter example: Its folder, with a table of numbers whose last column is the label.
    init(of example: String) throws {
        let lines = try readText(at: "\(example)/train.csv").split(separator: "\n")
        names = lines.first?.split(separator: ",").dropLast().map(String.init) ?? []
        let cells = lines.dropFirst().map { $0.split(separator: ",") }
        rows = cells.map { row in row.dropLast().map { Double($0) ?? .nan } }
        labels = cells.map { $0.last.map { String($0) } ?? "" }
    }

    /// Rows that are drawn with replacement.
    func draw(
        _ count: Int, adding shift: Double, to column: String, _ random: inout SplitMix
    ) -> (json: [UInt8], labels: [String]) {
        let places = (0..<count).map { _ in random.nextIndex(below: rows.count) }
        let drawn = places.map { place in
            let cells = zip(names, rows[place]).map { name, value in
                "\"\(name)\":\(name == column ? value + shift : value)"
            }
            return "{\(cells.joined(separator: ","))}"
        }
        return (Array("[\(drawn.joined(separator: ","))]".utf8), places.map { labels[$0] })
    }
}

/// What turned out to be true of the rows that were sent.
private struct DemoLabels {
    private var lines = ["prediction,row,label"]

    var count: Int { lines.count - 1 }

    var csv: [UInt8] { Array(lines.joined(separator: "\n").utf8) }

    mutating func note(_ labels: [String], of prediction: String?) {
        guard let prediction else { return }
        lines += labels.enumerated().map { "\(prediction),\($0.offset),\($0.element)" }
    }
}

private func readText(at path: String) throws -> String {
    guard let bytes = FileManager.default.contents(atPath: path) else {
        throw Refusal(
            .fileMissing, .notFound, "There is no file “\(path)” that can be read.",
            hint: "It came along with this program; install it again.")
    }
    return String(decoding: bytes, as: UTF8.self)
}
