// SPDX-License-Identifier: Apache-2.0
// What a forest costs in this process. `bench.py` starts it beside the libraries.
//
//     forest-bench FOREST.JSON ROWS.F64 COLUMNS
//
// Prints one line of JSON: nanoseconds for one row (median and 99th percentile of calls), for each row of 32 and of all,
// seconds to open, and resident bytes.
import EngineForest
import Foundation
import ModelExecution
import Tensors

let arguments = CommandLine.arguments
guard arguments.count == 4, let columns = Int(arguments[3]) else {
    FileHandle.standardError.write(Data("usage: forest-bench FOREST.JSON ROWS.F64 COLUMNS\n".utf8))
    exit(2)
}

func resident() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
}

let content = [UInt8](try Data(contentsOf: URL(fileURLWithPath: arguments[2])))
let values = unsafe content.withUnsafeBytes { unsafe Array($0.bindMemory(to: Double.self)) }
let count = values.count / columns
let before = resident()
let opening = Moment.now
let engine = try ForestRuntime().open(modelAt: ModelFile(path: arguments[1]))
let openingSeconds = Double(Moment.now.since(opening)) / 1e9
let memory = resident() - before

func tensor(_ rows: Range<Int>) -> Tensor {
    let part = values[rows.lowerBound * columns..<rows.upperBound * columns]
    guard engine.inputs[0].datatype == .float32 else {
        return Tensor(.float64, shape: [rows.count, columns], elements: Array(part))
    }
    return Tensor(.float32, shape: [rows.count, columns], elements: part.map { Float($0) })
}

/// Nanoseconds of each call.
func times(of batches: [Tensor], seconds: Double) throws -> [Int] {
    var found: [Int] = []
    let end = Moment.now.after(Int(seconds * 1e9))
    var turn = 0
    while Moment.now < end {
        let start = Moment.now
        _ = try engine.run([batches[turn % batches.count]])
        found.append(Moment.now.since(start))
        turn += 1
    }
    return found.sorted()
}

let single = try times(of: (0..<min(count, 1000)).map { tensor($0..<$0 + 1) }, seconds: 1)
let few = try times(of: (0..<min(count / 32, 100)).map { tensor($0 * 32..<$0 * 32 + 32) }, seconds: 1)
let all = try times(of: [tensor(0..<count)], seconds: 1)
let line: [String: Any] = [
    "one_ns": single[single.count / 2], "one_p99_ns": single[single.count * 99 / 100],
    "of_32_ns": few[few.count / 2] / 32, "of_all_ns": all[all.count / 2] / count, "open_s": openingSeconds,
    "memory_bytes": memory,
]
print(String(decoding: try JSONSerialization.data(withJSONObject: line, options: .sortedKeys), as: UTF8.self))
