// SPDX-License-Identifier: Apache-2.0
import EngineONNX
import Foundation
import ModelExecution
import Tensors
import Testing

/// A model may keep its weights in other files. They lie in its own folder; from anywhere else nothing is read.
struct ExternalDataTests {
    @Test func weightsBesideTheModelAreRead() throws {
        #expect(try open("external").run([zeros(.float32, [4])])[0].elements(as: Float.self) == [1, 2, 3, 4])
    }

    @Test(arguments: ["../weig.bin", "/etc/passwd", "a/../../x.b", "./../xx.bin"])
    func weightsOutsideTheFolderAreRefused(_ location: String) throws {
        try withModel(named: location) { model, folder in
            // What the name would reach is there and long enough.
            for name in ["weig.bin", "x.b", "xx.bin"] {
                try Data(count: 64).write(to: folder.deletingLastPathComponent().appending(path: name))
            }
            try FileManager.default.createDirectory(at: folder.appending(path: "a"), withIntermediateDirectories: false)
            try expectRefused(model)
        }
    }

    @Test func aLinkOutOfTheFolderIsRefused() throws {
        try withModel(named: "weights.bin") { model, folder in
            let outside = folder.deletingLastPathComponent().appending(path: "outside.bin")
            try Data(count: 64).write(to: outside)
            try FileManager.default.createSymbolicLink(
                at: folder.appending(path: "weights.bin"), withDestinationURL: outside)
            try expectRefused(model)
        }
    }

    @Test func weightsThatAreMissingOrTooShortAreRefused() throws {
        try withModel(named: "weights.bin") { model, folder in
            try expectRefused(model)
            try Data(count: 15).write(to: folder.appending(path: "weights.bin"))
            try expectRefused(model)
            try Data(count: 16).write(to: folder.appending(path: "weights.bin"))
            _ = try engineLibrary().open(modelAt: model)
        }
    }

    /// A copy of the model whose weights are called `location`, in a folder within a folder.
    private func withModel(named location: String, _ body: (ModelFile, URL) throws -> Void) throws {
        try withTemporaryFolder { outer in
            let folder = outer.appending(path: "bundle")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
            var model = try Data(contentsOf: URL(filePath: fixture("external").path))
            let place = try #require(model.range(of: Data("weights.bin".utf8)))
            try #require(location.utf8.count == place.count, "the name is replaced in place")
            model.replaceSubrange(place, with: Data(location.utf8))
            let file = folder.appending(path: "model.onnx")
            try model.write(to: file)
            try body(ModelFile(path: file.path), folder)
        }
    }

    private func expectRefused(_ model: ModelFile) throws {
        let error = #expect(throws: EngineError.self) { try engineLibrary().open(modelAt: model) }
        guard case .modelRefused? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
