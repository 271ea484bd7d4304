// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Everything that is computed here, held against numbers that other people's code computed.
///
/// The folder is the one named by `SLIPWAY_VECTORS`, else the copy beside this file.
struct Vectors {
    @Test func everyCaseComesOutAsTheReferenceSays() throws {
        var tally = VectorTally()
        for file in try VectorFile.all() { tally.run(file) }
        print("vectors: \(tally.passed.values.reduce(0, +)) cases passed, \(tally.failures.count) failed")
        if !tally.unknownKinds.isEmpty {
            print("no computation for kinds: \(tally.unknownKinds.sorted().joined(separator: ", "))")
        }
        if !tally.leftOut.isEmpty { print("no computation for cases: \(tally.leftOut.joined(separator: ", "))") }
        for failure in tally.failures { Issue.record("\(failure)") }
        if ProcessInfo.processInfo.environment["SLIPWAY_VECTORS"] == nil {
            #expect(tally.passed.values.reduce(0, +) > 0, "the folder of vectors is empty")
        }
    }

    /// A comparison that lets everything pass would go unnoticed.
    @Test func whatDiffersIsNoticed() {
        let tolerance = Tolerance(rel: 1e-9, abs: 1e-12)
        let differing: [(VectorValue, Outcome)] = [
            (.number(1), .number(1.000001)), (.number(2), .count(3)), (.number(1), .exact(1.0.nextUp)),
            (.null, .number(0)), (.null, .number(.nan)), (.number(0), .undefined), (.bool(true), .bool(false)),
            (.text("NaN"), .number(1)), (.text("Infinity"), .number(-.infinity)), (.text("\u{e9}"), .text("e\u{301}")),
            (.list([.number(1)]), .list([.number(1), .number(1)])), (.list([]), .undefined),
            (.list([.number(1), .number(2)]), .list([.count(2), .count(1)])),
            (.record(["a": .number(1)]), .record([:])),
            (.number(1), .bool(true)), (.bool(true), .number(1)), (.number(.infinity), .number(1)),
        ]
        for (expected, actual) in differing {
            #expect(!differences(expected, actual, within: tolerance, optional: []).isEmpty, "\(expected) \(actual)")
        }
        let same: [(VectorValue, Outcome)] = [
            (.number(1), .number(1 + 1e-10)), (.number(2), .count(2)), (.null, .undefined),
            (.text("NaN"), .number(.nan)), (.text("-Infinity"), .number(-.infinity)), (.text("a"), .text("a")),
            (.record(["a": .number(1)]), .record(["a": .number(1), "b": .undefined])),
            (.record(["spare": .number(1)]), .record([:])),
        ]
        for (expected, actual) in same {
            #expect(differences(expected, actual, within: tolerance, optional: ["spare"]).isEmpty)
        }
    }
}

/// What came of all files.
private struct VectorTally {
    var passed: [String: Int] = [:]
    var failures: [String] = []
    /// Optional cases, and cases of functions that the platform does not have.
    var leftOut: [String] = []
    var unknownKinds: Set<String> = []

    mutating func run(_ file: VectorFile) {
        guard let kind = vectorKinds.first(where: { $0.name == file.kind }) else {
            unknownKinds.insert(file.kind)
            return
        }
        for test in file.cases {
            let found: [String]
            do {
                switch kind.rule {
                case .computes(let outcome):
                    guard let actual = try outcome(test.input) else {
                        leftOut.append(test.id)
                        continue
                    }
                    found = differences(
                        test.expected, actual, within: test.tolerance ?? file.tolerance, optional: kind.optional)
                case .satisfies(let violations): found = try violations(test)
                }
            } catch {
                found = [": \(error)"]
            }
            if found.isEmpty { passed[file.kind, default: 0] += 1 }
            if !found.isEmpty { failures.append("\(file.kind) \(test.id)\(found.joined(separator: "; "))") }
        }
    }
}
