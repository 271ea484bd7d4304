// SPDX-License-Identifier: Apache-2.0

/// How an endpoint treats its callers: limits, and where its model runs. Never part of a model's digest.
///
/// Every setting is a text under a key, in the project file, on the command line, on the wire and in the registry alike;
/// here is the one place that reads them.
package struct EndpointSettings: Sendable, Hashable {
    package enum Key: String, Sendable, CaseIterable, Comparable {
        case deadline
        case queue
        case concurrency
        case wait
        case ratePerClient = "rate_per_client"
        case runOn = "run_on"

        /// Those that stand under `limits` in the project file; the others stand beside it.
        package static let limits: [Key] = [.deadline, .queue, .concurrency, .wait, .ratePerClient]

        /// What the setting takes, in the words of an error.
        package var form: String {
            switch self {
            case .deadline: "\(TimeSpan.form), or none"
            case .queue: "a count from 1 to \(EndpointSettings.longestQueue), or auto"
            case .concurrency: "a count from 1 to \(EndpointSettings.highestConcurrency), or auto"
            case .wait: "\(TimeSpan.form), or auto"
            case .ratePerClient: "\(RequestRate.form), or none"
            case .runOn: RunPlacement.allCases.map(\.rawValue).joined(separator: ", ")
            }
        }

        package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    /// Where a model runs.
    package enum RunPlacement: String, Sendable, CaseIterable {
        /// Calls that are expected to be short where they arrived, others on a lane.
        case auto
        /// Always where they arrived: on the event loop.
        case inline
        /// Always on a lane.
        case lane
    }

    package static let standard = EndpointSettings()
    package static let standardDeadline = TimeSpan(nanoseconds: 30_000_000_000)
    package static let longestQueue = 100_000
    package static let highestConcurrency = 1024

    /// The longest that an answer is worth computing, from when its request is there; `nil` for no such limit.
    package private(set) var deadline: TimeSpan? = standardDeadline
    /// The most requests that wait for a lane; `nil` leaves it to the server.
    package private(set) var queue: Int?
    /// The most requests that run on lanes at once; `nil` finds it from how long they take.
    package private(set) var concurrency: Int?
    /// The longest that requests wait while a queue stands; `nil` derives it from how long one takes.
    package private(set) var wait: TimeSpan?
    /// What one caller may send; `nil` for no limit.
    package private(set) var ratePerClient: RequestRate?
    package private(set) var runOn = RunPlacement.auto

    private init() {}

    /// - Throws: `IN-006` naming the first setting that cannot be read, and what it takes.
    package init(_ texts: [Key: String]) throws(Refusal) { self = try Self.standard.changed(texts) }

    /// Settings by the names that people and programs write.
    ///
    /// - Throws: `IN-002` with the closest name for one that is no setting.
    package static func keyed(_ texts: [String: String]) throws(Refusal) -> [Key: String] {
        var keyed: [Key: String] = [:]
        for (name, text) in texts.sorted(by: { $0.key < $1.key }) {
            guard let key = Key(rawValue: name) else {
                let names = Key.allCases.map(\.rawValue)
                throw Refusal(
                    .unknownName, .invalidInput, "There is no setting “\(name.prefix(40))”.",
                    hint: closestName(to: String(name.prefix(40)), among: names).map { "Did you mean “\($0)”?" }
                        ?? "There are \(names.joined(separator: ", ")).",
                    details: [.init("field", String(name.prefix(40)))])
            }
            keyed[key] = text
        }
        return keyed
    }

    /// These settings, but for those that `texts` gives.
    ///
    /// - Throws: `IN-006` naming the first setting that cannot be read, and what it takes.
    package func changed(_ texts: [Key: String]) throws(Refusal) -> EndpointSettings {
        var settings = self
        for (key, text) in texts.sorted(by: { $0.key < $1.key }) {
            guard settings.set(key, to: text) else {
                throw Refusal(
                    .outOfRange, .invalidInput, "“\(key.rawValue)” is “\(text.prefix(40))”.",
                    hint: "It takes \(key.form).", details: [.init("field", key.rawValue)])
            }
        }
        return settings
    }

    /// - Returns: `false`, and changes nothing, when `text` is not what the setting takes.
    private mutating func set(_ key: Key, to text: String) -> Bool {
        switch key {
        case .deadline: return assign(&deadline, text, absent: "none", TimeSpan.init(_:))
        case .queue: return assign(&queue, text, absent: "auto") { count($0, upTo: Self.longestQueue) }
        case .concurrency:
            return assign(&concurrency, text, absent: "auto") { count($0, upTo: Self.highestConcurrency) }
        case .wait: return assign(&wait, text, absent: "auto", TimeSpan.init(_:))
        case .ratePerClient: return assign(&ratePerClient, text, absent: "none", RequestRate.init(_:))
        case .runOn:
            guard let placement = RunPlacement(rawValue: text) else { return false }
            runOn = placement
            return true
        }
    }

    /// A setting as a person writes it.
    package func text(of key: Key) -> String {
        switch key {
        case .deadline: deadline?.description ?? "none"
        case .queue: queue.map(String.init) ?? "auto"
        case .concurrency: concurrency.map(String.init) ?? "auto"
        case .wait: wait?.description ?? "auto"
        case .ratePerClient: ratePerClient?.description ?? "none"
        case .runOn: runOn.rawValue
        }
    }

    /// Every setting, defaults included.
    package var allTexts: [Key: String] {
        Dictionary(uniqueKeysWithValues: Key.allCases.map { ($0, text(of: $0)) })
    }

    /// The settings that are not the standard ones.
    package var texts: [Key: String] {
        allTexts.filter { $0.value != Self.standard.text(of: $0.key) }
    }

    /// `deadline=100ms queue=200`, without what is standard; `standard` when everything is.
    package var line: String {
        let texts = texts
        guard !texts.isEmpty else { return "standard" }
        return texts.sorted { $0.key < $1.key }.map { "\($0.key.rawValue)=\($0.value)" }.joined(separator: " ")
    }
}

private func assign<Value>(
    _ target: inout Value?, _ text: String, absent: String, _ read: (String) -> Value?
) -> Bool {
    let value = read(text)
    guard value != nil || text == absent else { return false }
    target = value
    return true
}

private func count(_ text: String, upTo limit: Int) -> Int? {
    guard text.utf8.count <= 7, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let count = Int(text),
        (1...limit).contains(count)
    else { return nil }
    return count
}
