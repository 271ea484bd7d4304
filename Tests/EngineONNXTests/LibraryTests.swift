// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain
import ModelExecution
import Tensors
import Testing

@testable import EngineONNX

struct LibraryTests {
    @Test func theSamePathIsLoadedOnce() throws {
        #expect(try engineLibrary() === engineLibrary())
    }

    @Test func aLibraryThatIsNotThereIsMissing() {
        let error = #expect(throws: EngineError.self) { try ONNXRuntimeLibrary.load(path: "/nowhere/library.so") }
        #expect(error?.explanation.code == .engineMissing)
    }

    @Test func aFileThatIsNoLibraryIsUnusable() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "libonnxruntime.so")
            for content in [Data(), Data("not a library".utf8), Data([0x7F, 0x45, 0x4C, 0x46])] {
                try content.write(to: file)
                let error = #expect(throws: EngineError.self) { try ONNXRuntimeLibrary.load(path: file.path) }
                #expect(error?.explanation.code == .engineUnusable)
            }
        }
    }

    @Test(arguments: [
        ("1.27.0", true), ("1.27.1", true), ("1.28.0", true), ("1.100.0", true), ("2.0.0", true),
        ("1.26.9", false), ("1.9.0", false), ("0.99.0", false), ("", false), ("unknown", false),
    ]) func olderVersionsAreNotTaken(_ version: String, _ isRecent: Bool) {
        #expect(ONNXRuntimeLibrary.isRecent(version) == isRecent)
    }

    @Test func theNewestLibraryOfTheFirstPlaceIsFound() throws {
        try withTemporaryFolder { folder in
            let places = ["empty", "first", "second"].map { folder.appending(path: $0) }
            for place in places {
                try FileManager.default.createDirectory(at: place, withIntermediateDirectories: false)
            }
            for name in [
                "libonnxruntime.so", "libonnxruntime.so.1.9.0", "libonnxruntime.so.1.27.0", "libonnxruntime.so.1.5",
                "libonnxruntime_providers_shared.so", "libonnxruntime.so.1.99.partial", "notes.txt",
            ] {
                try Data().write(to: places[1].appending(path: name))
            }
            try Data().write(to: places[2].appending(path: "libonnxruntime.so.1.31.1"))
            let all = ["/nowhere"] + places.map(\.path)
            #expect(ONNXRuntimeLibrary.locate(in: all) == "\(all[2])/libonnxruntime.so.1.27.0")
            #expect(ONNXRuntimeLibrary.locate(in: all.reversed()) == "\(all[3])/libonnxruntime.so.1.31.1")
            #expect(ONNXRuntimeLibrary.locate(in: ["\(all[2])/notes.txt", all[3]]) == "\(all[2])/notes.txt")
            #expect(ONNXRuntimeLibrary.locate(in: Array(all.prefix(2))) == nil)
        }
    }

    /// In a process of its own, which starts without the variable and with an empty home.
    @Test func nothingIsSentOrWrittenAboutTheUser() async {
        await #expect(processExitsWith: .success) {
            try withTemporaryFolder { home in
                unsafe setenv("HOME", home.path, 1)
                unsafe unsetenv("XDG_CACHE_HOME")
                unsafe unsetenv("ORT_DISABLE_TELEMETRY")
                let before = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count
                let engine = try open("zipmap")
                _ = try engine.run([zeros(.float32, [4, 2])])
                #expect(unsafe String(cString: getenv("ORT_DISABLE_TELEMETRY")) == "1")
                let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count
                #expect(threads <= before, "the library runs no threads of its own")
                #expect(try FileManager.default.contentsOfDirectory(atPath: home.path).isEmpty)
            }
        }
    }
}
