// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain

/// How much one call may bring, and how long texts may be: as MLflow has it, so that what fits there fits here.
package enum TrackingLimits {
    package static let metricsOfBatch = 1000
    package static let paramsOfBatch = 100
    package static let tagsOfBatch = 100
    package static let entitiesOfBatch = 1000
    package static let key = 250
    package static let paramValue = 6000
    package static let tagValue = 8000
    package static let experimentName = 500
    package static let runName = 250
    package static let experimentTagValue = 20_000
    package static let datasetName = 500
    package static let datasetDigest = 36
    package static let inputTagKey = 255
    package static let inputTagValue = 500
    /// Milliseconds of the year 9999: what lies beyond is no time.
    static let latestTime: Int64 = 253_402_300_799_999
}

/// A key that client libraries also use as a path: letters, digits and a few signs, not leading out of anything.
package func checkKey(_ key: String, _ what: String) throws {
    let signs: Set<Character> = ["_", "-", ".", "/", ":", " "]
    let parts = key.split(separator: "/", omittingEmptySubsequences: false)
    guard !key.isEmpty, key.allSatisfy({ $0.isLetter || $0.isNumber || signs.contains($0) }),
        parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }), !isControlled(key)
    else { throw TrackingError.badKey(key, what: what) }
    try checkLength(key, TrackingLimits.key, "name of a \(what)")
}

func checkLength(_ text: String, _ limit: Int, _ what: String) throws {
    guard text.unicodeScalars.count <= limit else { throw TrackingError.tooLong(what: what, limit: limit) }
    guard !text.utf8.contains(0) else { throw TrackingError.unusable(what: what, value: "text with NUL") }
}

func checkTag(_ tag: KeyedText, valueLimit: Int) throws {
    try checkKey(tag.key, "tag")
    try checkLength(tag.value, valueLimit, "value of the tag “\(tag.key)”")
}

/// A tag whose value is cut where it is too long, as MLflow cuts it: a run is not lost for a long text.
func fittingTag(_ tag: KeyedText) throws -> KeyedText {
    try checkKey(tag.key, "tag")
    return try cut(tag, to: TrackingLimits.tagValue, "value of the tag “\(tag.key)”")
}

/// A parameter, cut as MLflow cuts it.
func fittingParam(_ param: KeyedText) throws -> KeyedText {
    try checkKey(param.key, "parameter")
    return try cut(param, to: TrackingLimits.paramValue, "value of the parameter “\(param.key)”")
}

private func cut(_ text: KeyedText, to limit: Int, _ what: String) throws -> KeyedText {
    let scalars = text.value.unicodeScalars
    let value = scalars.count > limit ? String(String.UnicodeScalarView(scalars.prefix(limit))) : text.value
    try checkLength(value, limit, what)
    return KeyedText(text.key, value)
}

func checkMetric(_ point: MetricPoint) throws {
    try checkKey(point.key, "metric")
    guard point.timestamp >= 0 else {
        throw TrackingError.unusable(what: "time of a metric", value: String(point.timestamp))
    }
}

func checkTime(_ time: Int64, _ what: String) throws {
    guard abs(time) <= TrackingLimits.latestTime else { throw TrackingError.unusable(what: what, value: String(time)) }
}

func checkCount(_ count: Int, _ limit: Int, _ what: String) throws {
    guard count <= limit else { throw TrackingError.tooMany(what: what, count: count, limit: limit) }
}

private func isControlled(_ text: String) -> Bool {
    text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
}
