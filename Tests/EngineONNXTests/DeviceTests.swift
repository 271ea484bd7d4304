// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import ModelExecution
import Testing

@testable import EngineONNX

/// What is said where a card cannot compute a model; nothing falls back to the processor.
struct DeviceTests {
    @Test(arguments: [0, 7]) func aBuildForTheProcessorAloneIsRefused(_ index: Int) throws {
        let library = try engineLibrary()
        let error = #expect(throws: EngineError.self) {
            try library.open(modelAt: fixture("scale"), on: .cuda(index: index))
        }
        guard case .deviceUnavailable(.cuda(index), let reason, let hint) = error else {
            // With a library for cards something else is missing, or nothing is.
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason == "this build of ONNX Runtime computes on the processor only")
        #expect(hint.contains("SLIPWAY_ONNXRUNTIME"))
        #expect(error?.explanation.code == .deviceUnavailable)
        #expect(error?.explanation.message.hasPrefix("“cuda:\(index)” cannot compute this model: ") == true)
        #expect(try library.open(modelAt: fixture("scale"), on: .cpu).inputs.count == 1)
    }

    /// The library's words, and ours.
    @Test(arguments: [
        (
            "/src/provider_bridge.cc:1988 lib::Provider& lib::Library::Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load "
                + "library /x/libonnxruntime_providers_cuda.so with error: libcublasLt.so.13: cannot open shared object file: "
                + "No such file or directory\n", "the library libcublasLt.so.13 is not found on this machine"
        ),
        (
            "Failed to load library /x/libonnxruntime_providers_cuda.so with error: libcuda.so.1: cannot open shared object "
                + "file: No such file or directory", "NVIDIA's driver is not installed"
        ),
        (
            "CUDA failure 100: no CUDA-capable device is detected ; GPU=-1 ; hostname=h ; expr=cudaSetDevice(0);",
            "no card of NVIDIA is visible to this process"
        ),
        (
            "CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version ; GPU=0",
            "the driver of the card is older than the libraries need"
        ),
        ("CUDA failure 101: invalid device ordinal ; GPU=0 ; hostname=h", "there is no card of that number"),
        (
            "This session contains graph nodes that are assigned to the default CPU EP, but fallback to CPU EP has been "
                + "explicitly disabled by the user.",
            "some of its operations have no form for the card, and would run on the processor"
        ),
        ("OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library", nil),
        ("CUDNN failure 1: CUDNN_STATUS_NOT_INITIALIZED", nil),
    ]) func reasonsAreExplained(_ message: String, _ reason: String?) throws {
        let error = ORTFailure(message: message).deviceRefusal(of: .cuda(index: 1), model: "/data/b/model.onnx")
        guard case .deviceUnavailable(.cuda(1), let found, let hint) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(found == reason ?? message)
        #expect(!hint.isEmpty)
    }

    /// What is wrong with the model is not blamed on the card.
    @Test func aBrokenModelIsNotBlamedOnTheCard() {
        #expect(ORTFailure(message: "Protobuf parsing failed.").deviceRefusal(of: .cuda(index: 0), model: "/m") == nil)
    }
}
