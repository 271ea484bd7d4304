// SPDX-License-Identifier: Apache-2.0

/// How an endpoint treats its callers: limits, objectives, when its model is loaded, where and how it runs, and what is kept
/// and watched of it. Never part of a model's digest.
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
        case batching
        case batchDelay = "batch_delay"
        case p99
        case cache
        case load
        case device
        case follow
        case logSample = "log_sample"
        case logRetain = "log_retain"
        case logSize = "log_size"
        case logWhenFull = "log_when_full"
        case logDurable = "log_durable"
        case monitorWindow = "monitor_window"
        case monitorFalseAlarms = "monitor_false_alarms"

        /// Those that stand under `limits` in the project file.
        package static let limits: [Key] = [.deadline, .queue, .concurrency, .wait, .ratePerClient]
        /// Those that stand under `slo` there.
        package static let objectives: [Key] = [.p99]
        /// Those that stand under `log` there, without their `log_`.
        package static let logging: [Key] = [.logSample, .logRetain, .logSize, .logWhenFull, .logDurable]
        /// Those that stand under `monitor` there, without their `monitor_`.
        package static let monitoring: [Key] = [.monitorWindow, .monitorFalseAlarms]
        /// Those that stand beside them.
        package static let besideLimits = allCases.filter {
            !(limits + objectives + logging + monitoring).contains($0)
        }
        /// What the setting is called in the project file, in its group.
        package var nameInFile: String {
            for (prefix, keys) in [("log_", Self.logging), ("monitor_", Self.monitoring)] where keys.contains(self) {
                return String(rawValue.dropFirst(prefix.utf8.count))
            }
            return rawValue
        }

        /// What the setting takes, in the words of an error.
        package var form: String {
            switch self {
            case .deadline: "\(TimeSpan.form), or none"
            case .queue: "a count from 1 to \(EndpointSettings.longestQueue), or auto"
            case .concurrency: "a count from 1 to \(EndpointSettings.highestConcurrency), or auto"
            case .wait: "\(TimeSpan.form), or auto"
            case .ratePerClient: "\(RequestRate.form), or none"
            case .runOn: RunPlacement.allCases.map(\.rawValue).joined(separator: ", ")
            case .batching: "auto, off, or a count of rows from 2 to \(EndpointSettings.largestBatch)"
            case .batchDelay: "\(TimeSpan.form), of which at most \(EndpointSettings.longestBatchDelay) here; or none"
            case .p99: "\(TimeSpan.form), or auto"
            case .cache:
                "\(ByteCount.form), from \(EndpointSettings.cacheSizes.lowerBound) to "
                    + "\(EndpointSettings.cacheSizes.upperBound); or none"
            case .load: LoadTime.allCases.map(\.rawValue).joined(separator: " or ")
            case .device: ComputeDevice.form
            case .follow: "the name of an alias, or none"
            case .logSample: SampleShare.form
            case .logRetain: "\(Lifetime.form)"
            case .logSize:
                "\(ByteCount.form), from \(EndpointSettings.logSizes.lowerBound) to "
                    + "\(EndpointSettings.logSizes.upperBound)"
            case .logWhenFull: FullLog.allCases.map(\.rawValue).joined(separator: ", ")
            case .logDurable: "true or false"
            case .monitorWindow: "\(MonitorWindow.form); or none"
            case .monitorFalseAlarms: AlarmRate.form
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

    /// Whether requests that wait are answered by one call of the model.
    package enum Batching: Sendable, Hashable {
        /// Where it was measured to pay; as many rows as the latency objective allows.
        case auto
        case off
        /// At most so many rows, whatever was measured.
        case rows(Int)
    }

    /// What is done with predictions that the log cannot take as fast as they come.
    package enum FullLog: String, Sendable, CaseIterable {
        /// They are answered, and counted as dropped.
        case drop
        /// Likewise, but some of them are kept while there is little room: one of ten.
        case sample
        /// They are refused: what is not kept is not answered.
        case block
    }

    /// When a model is brought into memory.
    package enum LoadTime: String, Sendable, CaseIterable {
        /// At the start of the server, and for as long as it runs.
        case eager
        /// With the first request; it may go again when memory is short.
        case lazy
    }

    package static let logSizes = ByteCount(bytes: 1 << 20)...ByteCount(bytes: 16 << 40)
    package static let standard = EndpointSettings()
    package static let standardDeadline = TimeSpan(nanoseconds: 30_000_000_000)
    package static let longestQueue = 100_000
    package static let highestConcurrency = 1024
    /// The most rows of requests that one call answers together.
    package static let largestBatch = 64
    package static let longestBatchDelay = TimeSpan(nanoseconds: 10_000_000_000) ?? .longest
    package static let cacheSizes = ByteCount(bytes: 1 << 10)...ByteCount(bytes: 64 << 30)

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
    package private(set) var batching = Batching.auto
    /// How long a request waits for company although its model is free; `nil` for not at all.
    package private(set) var batchDelay: TimeSpan?
    /// In which time 99 of 100 requests shall be answered; `nil` derives it from how long one takes.
    package private(set) var p99: TimeSpan?
    /// What answers that are kept for requests like theirs may take of the memory; `nil` keeps none.
    package private(set) var cache: ByteCount?
    package private(set) var load = LoadTime.eager
    package private(set) var device = ComputeDevice.cpu
    /// The alias whose version is deployed whenever it moves; `nil` for deployments by hand.
    package private(set) var follow: AliasName?
    /// The share of predictions that the log keeps.
    package private(set) var logSample = SampleShare.all
    /// How long it keeps them.
    package private(set) var logRetain = Lifetime.standardLogRetention
    /// What it may take of the disk; the oldest go first.
    package private(set) var logSize = ByteCount(bytes: 10 << 30)
    package private(set) var logWhenFull = FullLog.drop
    /// Whether an answer waits until its record is on the disk. One that is not kept is none then, whatever ``logWhenFull`` says.
    package private(set) var logDurable = false
    /// What traffic is judged together; `nil` where nothing is watched.
    package private(set) var monitorWindow: MonitorWindow? = .standard
    package private(set) var monitorFalseAlarms = AlarmRate.standard

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
        case .runOn: return assign(&runOn, RunPlacement(rawValue: text))
        case .batching: return assign(&batching, Batching(text))
        case .batchDelay:
            return assign(&batchDelay, text, absent: "none") { text in
                TimeSpan(text).flatMap { $0 <= Self.longestBatchDelay ? $0 : nil }
            }
        case .p99: return assign(&p99, text, absent: "auto", TimeSpan.init(_:))
        case .cache:
            return assign(&cache, text, absent: "none") { text in
                ByteCount(text).flatMap { Self.cacheSizes.contains($0) ? $0 : nil }
            }
        case .load: return assign(&load, LoadTime(rawValue: text))
        case .device: return assign(&device, ComputeDevice(text))
        case .follow:
            return assign(&follow, text, absent: "none") { $0 == "none" ? nil : AliasName(rawValue: $0) }
        case .logSample: return assign(&logSample, SampleShare(text))
        case .logRetain: return assign(&logRetain, Lifetime(text))
        case .logSize: return assign(&logSize, ByteCount(text).flatMap { Self.logSizes.contains($0) ? $0 : nil })
        case .logWhenFull: return assign(&logWhenFull, FullLog(rawValue: text))
        case .logDurable: return assign(&logDurable, Bool(text))
        case .monitorWindow: return assign(&monitorWindow, text, absent: "none", MonitorWindow.init(_:))
        case .monitorFalseAlarms: return assign(&monitorFalseAlarms, AlarmRate(text))
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
        case .batching: batching.description
        case .batchDelay: batchDelay?.description ?? "none"
        case .p99: p99?.description ?? "auto"
        case .cache: cache?.description ?? "none"
        case .load: load.rawValue
        case .device: device.description
        case .follow: follow?.rawValue ?? "none"
        case .logSample: logSample.description
        case .logRetain: logRetain.description
        case .logSize: logSize.description
        case .logWhenFull: logWhenFull.rawValue
        case .logDurable: String(logDurable)
        case .monitorWindow: monitorWindow?.description ?? "none"
        case .monitorFalseAlarms: monitorFalseAlarms.description
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

extension EndpointSettings.Batching: CustomStringConvertible {
    fileprivate init?(_ text: String) {
        switch text {
        case "auto": self = .auto
        case "off": self = .off
        default:
            guard let rows = count(text, upTo: EndpointSettings.largestBatch), rows > 1 else { return nil }
            self = .rows(rows)
        }
    }

    package var description: String {
        switch self {
        case .auto: "auto"
        case .off: "off"
        case .rows(let count): "\(count)"
        }
    }
}

private func assign<Value>(_ target: inout Value, _ value: Value?) -> Bool {
    guard let value else { return false }
    target = value
    return true
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
