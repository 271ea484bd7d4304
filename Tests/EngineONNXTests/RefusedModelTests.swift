// SPDX-License-Identifier: Apache-2.0
import EngineONNX
import Foundation
import ModelDomain
import ModelExecution
import Tensors
import Testing

struct RefusedModelTests {
    @Test func filesThatAreNoModelsAreRefused() throws {
        let contents: [(String, [UInt8])] = [
            ("empty", []), ("text", Array("hello".utf8)), ("archive", Array("PK\u{3}\u{4}".utf8)),
            ("zeros", [UInt8](repeating: 0, count: 4096)), ("ones", [UInt8](repeating: 0xFF, count: 4096)),
            // The library has a format of its own, which it would otherwise recognise by its mark.
            ("other", [0x20, 0, 0, 0] + Array("ORTM".utf8) + [UInt8](repeating: 0, count: 64)),
        ]
        try withTemporaryFolder { folder in
            for (name, content) in contents {
                let reason = try refusal(of: Data(content), as: name, in: folder)
                #expect(!reason.isEmpty, "\(name)")
            }
        }
    }

    @Test func everyTruncationIsRefusedOrOpens() throws {
        let whole = try Data(contentsOf: URL(filePath: fixture("two-in-two-out").path))
        try withTemporaryFolder { folder in
            let library = try engineLibrary()
            var refused = 0
            for length in 0..<whole.count {
                let file = folder.appending(path: "model.onnx")
                try whole.prefix(length).write(to: file)
                do throws(EngineError) {
                    _ = try library.open(modelAt: ModelFile(path: file.path))
                } catch .modelRefused {
                    refused += 1
                }
            }
            // What is cut off at the end may be the operator sets alone; the graph comes before them.
            #expect(refused > whole.count - 20)
        }
    }

    @Test func anUnknownOperatorIsNamed() throws {
        let error = #expect(throws: EngineError.self) { try open("unknown-operator") }
        #expect(error?.explanation.message.contains("nobody.knows:Unheard") == true)
        #expect(error?.explanation.code == .modelRefused)
    }

    @Test func aModelFromTheFutureIsRefusedInWordsForPeople() throws {
        var model = try Data(contentsOf: URL(filePath: fixture("scale").path))
        // The file begins with its format version.
        try #require(model.prefix(2) == Data([0x08, 0x08]))
        model[1] = 0x63
        try withTemporaryFolder { folder in
            let reason = try refusal(of: model, as: "future", in: folder)
            #expect(reason.hasPrefix("Unsupported model IR version: 99"))
            #expect(!reason.contains("::"))
            #expect(!reason.contains(".cc"))
        }
    }

    @Test func aModelThatFailsWhenItRunsSaysWhyAndStaysUsable() throws {
        let engine = try open("fails-when-run")
        for _ in 0..<3 {
            let error = #expect(throws: EngineError.self) { try engine.run([zeros(.float32, [1, 3])]) }
            guard case .runFailed(let reason)? = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(reason.contains("reshape"))
            #expect(!reason.contains(".cc:"))
            #expect(!reason.contains("\n"))
        }
        #expect(try engine.run([zeros(.float32, [4, 3])])[0].shape == [3, 4])
    }

    private func refusal(of content: Data, as name: String, in folder: URL) throws -> String {
        let file = folder.appending(path: "\(name).onnx")
        try content.write(to: file)
        let error = #expect(throws: EngineError.self, "\(name)") {
            try engineLibrary().open(modelAt: ModelFile(path: file.path))
        }
        guard case .modelRefused(let reason)? = error else {
            Issue.record("\(name): \(String(describing: error))")
            return ""
        }
        #expect(!reason.contains(folder.path))
        return reason
    }
}
