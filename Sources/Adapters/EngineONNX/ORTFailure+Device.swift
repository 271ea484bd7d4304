// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import ModelExecution

/// - Throws: ``EngineError/deviceUnavailable(_:reason:hint:)`` for a build of the library that cannot compute on cards.
func requireCUDA(of library: ORTLibrary, for device: ComputeDevice) throws(EngineError) {
    // A library that cannot list them has none that could be asked for.
    let providers = (try? library.providers()) ?? []
    guard providers.contains("CUDAExecutionProvider") else {
        throw .deviceUnavailable(
            device, reason: "this build of ONNX Runtime computes on the processor only",
            hint: "Name the library of an onnxruntime-gpu wheel in SLIPWAY_ONNXRUNTIME: docs/how-to/use-a-gpu.md.")
    }
}

extension ORTFailure {
    /// What the library says of a card that it cannot use, as people can act on it.
    ///
    /// - Returns: `nil` when the device is not what it complains about.
    func deviceRefusal(of device: ComputeDevice, model path: String) -> EngineError? {
        guard let (reason, hint) = deviceReason(of: device, model: path) else { return nil }
        return .deviceUnavailable(device, reason: reason, hint: hint)
    }

    private func deviceReason(of device: ComputeDevice, model path: String) -> (reason: String, hint: String)? {
        let lower = message.lowercased()
        let install = "See docs/how-to/use-a-gpu.md for what has to be installed."
        if lower.contains("fallback to cpu ep has been explicitly disabled") {
            return (
                "some of its operations have no form for the card, and would run on the processor",
                "Set the endpoint's device to cpu, or export the model with operations that CUDA has."
            )
        }
        if let library = missingLibrary {
            // Comes with the driver, and with nothing else.
            guard !library.hasPrefix("libcuda.so") else {
                return ("NVIDIA's driver is not installed", "Install the driver; in a container, give it the card.")
            }
            return ("the library \(library) is not found on this machine", install)
        }
        if lower.contains("driver version is insufficient") || lower.contains("cuda failure 35:") {
            return ("the driver of the card is older than the libraries need", "Update NVIDIA's driver.")
        }
        if lower.contains("no cuda-capable device") || lower.contains("cuda failure 100:") {
            return (
                "no card of NVIDIA is visible to this process",
                "Check with nvidia-smi, and what the container is given."
            )
        }
        if lower.contains("invalid device ordinal") || lower.contains("cuda failure 101:") {
            return ("there is no card of that number", "Count the cards with nvidia-smi: the first one is cuda:0.")
        }
        guard ["cuda", "cudnn", "cublas"].contains(where: lower.contains) else { return nil }
        return (reason(model: path), install)
    }

    /// `libcublasLt.so.12`, from what the system's loader says.
    private var missingLibrary: String? {
        let words = #/([A-Za-z0-9_.+-]+\.so[0-9.]*): cannot open shared object file/#
        return message.firstMatch(of: words).map { String($0.output.1) }
    }
}
