// SPDX-License-Identifier: Apache-2.0

/// What a computation gave, and thereby how it is compared.
enum Outcome: Sendable {
    /// The computation said `nil`; null is expected.
    case undefined
    case bool(Bool)
    /// Compared exactly.
    case count(Int)
    /// Compared within the tolerance.
    case number(Double)
    /// A number that must be the expected one to the last bit.
    case exact(Double)
    /// Compared by UTF-8 bytes.
    case text(String)
    case list([Outcome])
    case record([String: Outcome])

    init(_ value: Bool?) { self = value.map(Outcome.bool) ?? .undefined }
    init(_ value: Int?) { self = value.map(Outcome.count) ?? .undefined }
    init(_ value: Double?) { self = value.map(Outcome.number) ?? .undefined }
    init(_ value: String?) { self = value.map(Outcome.text) ?? .undefined }
    init(_ values: [Bool]) { self = .list(values.map(Outcome.bool)) }
    init(_ values: [Int]) { self = .list(values.map(Outcome.count)) }
    init(_ values: [Double]) { self = .list(values.map(Outcome.number)) }
    init(_ values: [Double?]) { self = .list(values.map(Outcome.init)) }
    init(_ values: [String]) { self = .list(values.map(Outcome.text)) }
}

/// Where `actual` is not what is expected, each as `path: expected …, found …`.
///
/// Fields that `actual` has beyond the expected ones do not matter; an expected one that it does not have is a
/// difference, unless its name is in `optional`.
func differences(
    _ expected: VectorValue, _ actual: Outcome, within tolerance: Tolerance, optional: Set<String>, at path: String = ""
) -> [String] {
    let difference = ["\(path): expected \(expected), found \(actual)"]
    switch (expected, actual) {
    case (.null, .undefined): return []
    case (.bool(let expected), .bool(let actual)): return expected == actual ? [] : difference
    case (.text(let expected), .text(let actual)): return expected.utf8.elementsEqual(actual.utf8) ? [] : difference
    case (.number, .count), (.number, .number), (.number, .exact), (.text, .number), (.text, .exact):
        guard let number = try? expected.number, agrees(number, actual, within: tolerance) else { return difference }
        return []
    case (.list(let expected), .list(let actual)):
        guard expected.count == actual.count else {
            return ["\(path): expected \(expected.count) elements, found \(actual.count)"]
        }
        return zip(expected, actual).enumerated().flatMap { index, pair in
            differences(pair.0, pair.1, within: tolerance, optional: optional, at: "\(path)[\(index)]")
        }
    case (.record(let expected), .record(let actual)):
        return expected.sorted { $0.key < $1.key }.flatMap { name, value -> [String] in
            guard let found = actual[name] else {
                return optional.contains(name) ? [] : ["\(path).\(name): expected \(value), found nothing"]
            }
            return differences(value, found, within: tolerance, optional: optional, at: "\(path).\(name)")
        }
    default: return difference
    }
}

private func agrees(_ expected: Double, _ actual: Outcome, within tolerance: Tolerance) -> Bool {
    switch actual {
    case .count(let count): expected == Double(count)
    case .exact(let number): expected == number || (expected.isNaN && number.isNaN)
    case .number(let number):
        expected == number || (expected.isNaN && number.isNaN)
            || expected.isFinite && abs(number - expected) <= tolerance.abs + tolerance.rel * abs(expected)
    default: false
    }
}
