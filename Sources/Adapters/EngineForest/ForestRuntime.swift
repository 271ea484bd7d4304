// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain
package import ModelExecution
internal import Tensors

/// Opens bundles of trees that XGBoost, LightGBM or CatBoost have grown, and evaluates them in this process.
package struct ForestRuntime: EngineRuntime {
    /// The build is the program's.
    package let identity = EngineIdentity(name: EngineName.forest, version: "1", build: Product.version)

    package init() {}

    package func open(modelAt file: ModelFile) throws(EngineError) -> any InferenceEngine {
        let descriptor = try ForestDescriptor(at: file)
        let model: ForestModel
        do {
            let bytes = try contents(of: descriptor.model.path, limit: ForestDescriptor.modelLimit)
            model = try read(bytes, as: descriptor)
        } catch let fault as ForestFault {
            throw .modelRefused(reason: fault.reason)
        } catch {
            throw .modelRefused(reason: "the library's file cannot be read")
        }
        return try ForestEngine(descriptor, model)
    }

    private func read(_ bytes: [UInt8], as descriptor: ForestDescriptor) throws -> ForestModel {
        switch descriptor.library {
        case .xgboost: try XGBoostReader.read(try document(bytes), rounds: descriptor.rounds)
        case .lightgbm: try LightGBMReader.read(bytes, rounds: descriptor.rounds)
        case .catboost: try CatBoostReader.read(try document(bytes), rounds: descriptor.rounds)
        }
    }

    /// JSON begins with a quote or a space after its brace, UBJSON with the type of a name's length.
    private func document(_ bytes: [UInt8]) throws -> ModelDocument {
        guard bytes.first == UInt8(ascii: "{"), bytes.count > 1 else { throw ForestFault("it is no object") }
        guard [UInt8(ascii: "\""), UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r")].contains(bytes[1]) else {
            return try UBJSONReader.read(bytes)
        }
        var limits = CodecLimits.standard
        limits.maxBodyBytes = ForestDescriptor.modelLimit
        limits.maxElements = bytes.count
        // CatBoost's trees that are not symmetric lie in one another.
        limits.maxDepth = 200
        do {
            return try ModelDocument.parse(bytes, limits: limits)
        } catch {
            throw ForestFault("it is no JSON: \(error.message)")
        }
    }
}
