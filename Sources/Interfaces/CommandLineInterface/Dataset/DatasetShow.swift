// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import DataTables
internal import DataVersions
internal import ModelDomain
internal import Statistics
internal import WireTypes

struct DatasetShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a version of data: its columns, and what is in them.",
        discussion: "Example: slipway dataset show churn-train@3")

    @Argument(help: ArgumentHelp("The version: \(DatasetVersionArgument.form).", valueName: "version"))
    var version: DatasetVersionArgument

    @OptionGroup var dataset: DatasetOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let known = try await KnownDataset(version, in: dataset.project, on: server)
        let (found, record) = (known.version, known.record)
        guard output.format == .text else {
            // As the server has it, to the last digit.
            return try Console.current.line(record.canonicalBytes)
        }
        try Console.current.line("\(found.text)\n\n\(record.columnTable)")
    }
}

extension DatasetVersionV1 {
    fileprivate var text: String {
        var facts = [
            ["data set", "\(dataset)@\(version)"], ["digest", digest], ["rows", String(rows)],
            ["size", kept ? byteText(bytes) : "\(byteText(bytes)), of which only digest and profile are here"],
            ["added", "\(createdAt) by \(createdBy)"],
        ]
        if let note { facts.append(["note", note.printable]) }
        return Table(rows: facts).text
    }
}

extension DatasetManifest {
    fileprivate var columnTable: String {
        Table(
            header: ["COLUMN", "TYPE", "MISSING", "DISTINCT", "VALUES"],
            rows: profiles.map { profile in
                let name = profile.column.name.printable
                let distinct = profile.distinct >= DataProfile.countedDistinct ? "many" : String(profile.distinct)
                return [
                    key.contains(profile.column.name) ? "\(name) (key)" : name, profile.column.type.rawValue,
                    profile.missing == 0 ? "0" : "\(percentText(profile.missingShare))", distinct, profile.summary,
                ]
            }, numbers: [2, 3]
        ).text
    }
}

extension DataProfile {
    /// `0.21 to 9.8, mean 3.1`; `basic 61 %, pro 39 %`.
    fileprivate var summary: String {
        switch values {
        case .numbers(let numbers):
            guard let minimum = numbers.minimum, let maximum = numbers.maximum else { return "no numbers" }
            let range = Expectations.Bounds(minimum, maximum).text(as: column.type)
            guard column.type != .time, let mean = numbers.mean else { return range }
            return "\(range), mean \(numberText(rounded(mean)))"
        case .categories(let categories):
            let present = max(1, categories.count - categories.missing)
            // Of names and numbers of customers none is more frequent than the others.
            guard let first = categories.categories.first, first.count * 1000 >= present else {
                return categories.categories.isEmpty ? "" : "too many to list"
            }
            let listed = categories.categories.prefix(4).map { category in
                let text = String(decoding: category.bytes, as: UTF8.self).prefix(30)
                return "\(text) \(percentText(Double(category.count) / Double(present)))"
            }.joined(separator: ", ")
            return categories.categories.count > 4 || categories.other > 0 ? "\(listed), …" : listed
        }
    }
}

/// Four digits that count.
func rounded(_ value: Double) -> Double { Double(String(value, digits: 4)) ?? value }

extension String {
    /// - Parameter digits: That count.
    fileprivate init(_ value: Double, digits: Int) {
        guard value != 0, value.isFinite else {
            self = "\(value)"
            return
        }
        var scale = 1.0
        while abs(value) * scale < 1000 { scale *= 10 }
        while abs(value) * scale >= 10_000 { scale /= 10 }
        self = "\((value * scale).rounded() / scale)"
    }
}
