// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import EngineONNX

struct ReasonTests {
    @Test(arguments: [
        (
            "Load model from /data/b/model.onnx failed:/build/core/graph/model.cc:192 "
                + "lib::Model::Model(onnx::ModelProto&&, const lib::List<int>*, const Logger&) "
                + "Unsupported model IR version: 99, max supported IR version: 13\n",
            "Unsupported model IR version: 99, max supported IR version: 13"
        ),
        (
            "Validation failed for: w. Error: utils.cc:426 ValidatePath Absolute path not allowed",
            "Validation failed for: w. Error: Absolute path not allowed"
        ),
        (
            "Non-zero status code. /build/core/reshape.h:41 lib::Helper::Helper(const Shape&, bool) "
                + "input_shape_size == size was false. It cannot be reshaped",
            "It cannot be reshaped"
        ),
        ("no file at /data/b/model.onnx or in /data/b/w", "no file at the model or in the model's folder/w"),
        ("[ONNXRuntimeError] : 1 : FAIL : plain words", "plain words"),
        ("plain words (with (brackets)", "plain words (with (brackets)"),
        ("a.cc:1 f(", "f("),
        ("a.cc:1 n::f(((", ""),
        ("", "it gave no reason"),
    ]) func messagesAreMadeReadable(_ message: String, _ reason: String) {
        #expect(ORTFailure(message: message).reason(model: "/data/b/model.onnx") == reason)
    }

    @Test(arguments: [
        ("Load model from /m failed:std::bad_alloc", true), ("Exception during initialization: std::bad_alloc", true),
        ("Failed to allocate memory for requested buffer of size 4294967296", true),
        ("mmap of weights failed: Cannot allocate memory", true), ("Protobuf parsing failed.", false),
    ]) func wantOfMemoryIsKnown(_ message: String, _ isKnown: Bool) {
        #expect(ORTFailure(message: message).isForWantOfMemory == isKnown)
    }

    @Test func longMessagesAreCut() {
        let reason = ORTFailure(message: String(repeating: "x", count: 100_000)).reason(model: "/m")
        #expect(reason.count == 301)
    }
}
