// SPDX-License-Identifier: Apache-2.0
internal import InferenceServing
internal import ModelDomain

/// How the predictions of one deployment are kept: made once, asked for every one of them.
final class LogPlan: Sendable {
    let number: Int
    let schema: LogSchema
    let settings: EndpointSettings
    let counters: LogCounters
    let hash: ValueHash
    let isAsIs: Bool
    /// Whether somebody counts what comes.
    let isObserved: Bool

    init(
        number: Int, schema: LogSchema, settings: EndpointSettings, counters: LogCounters, secret: [UInt8],
        isObserved: Bool
    ) {
        self.isObserved = isObserved && settings.monitorWindow != nil && schema.bundle != nil
        self.number = number
        self.schema = schema
        self.settings = settings
        self.counters = counters
        hash = ValueHash(secret: secret, schema.endpoint, in: schema.project)
        isAsIs = schema.keepsAll
    }

    /// Whether a prediction is among those that are kept: the same for the same id, wherever that is asked.
    func keeps(_ id: PredictionID) -> Bool {
        guard !settings.logSample.isAll else { return true }
        return Int((Self.mixed(id) >> 32) % 10_000) < settings.logSample.basisPoints
    }

    /// Whether it is one of those that are kept while there is little room.
    func keepsUnderPressure(_ id: PredictionID) -> Bool { Self.mixed(id) & 0xFFFF_FFFF < 0x1999_9999 }

    private static func mixed(_ id: PredictionID) -> UInt64 {
        let value = (id.low ^ id.high) &* 0x9E37_79B9_7F4A_7C15
        return (value ^ value >> 29) &* 0xBF58_476D_1CE4_E5B9
    }
}
