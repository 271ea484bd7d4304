// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Tensors

@Suite("Infer requests are decoded exactly or refused with a reason")
struct InferRequestTests {
    @Test("keys in any order, data flat or nested, give the same tensor")
    func orders() throws {
        let variants = [
            #"{"inputs":[{"name":"x","shape":[2,2],"datatype":"FP32","data":[1,2.5,-3,4e1]}],"id":"7"}"#,
            #"{"id":"7","inputs":[{"data":[[1,2.5],[-3,40.0]],"datatype":"FP32","name":"x","shape":[2,2]}]}"#,
            #"{"inputs":[{"shape":[2,2],"data":[ [1 ,2.5], [-3,40] ],"name":"x","datatype":"FP32","more":{}}],"id":"7"}"#,
        ]
        for text in variants {
            let request = try decode(text)
            #expect(request.id == "7")
            #expect(request.outputs == nil)
            #expect(request.inputs.map(\.name) == ["x"])
            #expect(request.inputs[0].tensor.shape == [2, 2])
            #expect(request.inputs[0].tensor.elements(as: Float.self) == [1, 2.5, -3, 40])
        }
    }

    @Test("every datatype is read without loss")
    func datatypes() throws {
        #expect(try tensor("BOOL", "[true,false]").elements(as: UInt8.self) == [1, 0])
        #expect(try tensor("UINT8", "[0,255]").elements(as: UInt8.self) == [0, 255])
        #expect(try tensor("UINT16", "[0,65535]").elements(as: UInt16.self) == [0, 65535])
        #expect(try tensor("UINT32", "[0,4294967295]").elements(as: UInt32.self) == [0, .max])
        #expect(try tensor("UINT64", "[0,18446744073709551615]").elements(as: UInt64.self) == [0, .max])
        #expect(try tensor("INT8", "[-128,127]").elements(as: Int8.self) == [-128, 127])
        #expect(try tensor("INT16", "[-32768,3.0]").elements(as: Int16.self) == [-32768, 3])
        #expect(try tensor("INT32", "[-2147483648,1e3]").elements(as: Int32.self) == [.min, 1000])
        #expect(
            try tensor("INT64", "[9007199254740993,-9223372036854775808]").elements(as: Int64.self)
                == [9_007_199_254_740_993, .min])
        #expect(try tensor("FP16", "[1,65504]").elements(as: UInt16.self) == [0x3C00, 0x7BFF])
        #expect(try tensor("BF16", "[1,-2]").elements(as: UInt16.self) == [0x3F80, 0xC000])
        #expect(
            try tensor("FP64", "[0.1,-0.0]").elements(as: Double.self).map(\.bitPattern) == [
                (0.1).bitPattern, (-0.0).bitPattern,
            ])
        #expect(try tensor("BYTES", #"["é\n",""]"#).strings == ["é\n", ""])
    }

    @Test("NaN and infinities are read as strings and as Python writes them, for floating-point types only")
    func specials() throws {
        for type in ["FP16", "BF16", "FP32", "FP64"] {
            let values = try #require(try tensor(type, #"["NaN",-Infinity]"#).doubles)
            #expect(values[0].isNaN && values[1] == -.infinity)
            #expect(try tensor(type, #"[Infinity,"-Infinity"]"#).doubles == [.infinity, -.infinity])
            #expect(rule(type, #"["nan",1]"#) == .type)
        }
        #expect(rule("INT32", "[NaN,1]") == .type)
        #expect(rule("INT32", #"["Infinity",1]"#) == .type)
    }

    @Test(
        "values of another kind, and numbers that do not fit, are refused",
        arguments: [
            ("INT8", "[300,1]", CodecError.Rule.range), ("UINT8", "[-1,1]", .range),
            ("INT64", "[9223372036854775808,1]", .range),
            ("FP32", "[1e39,1]", .range), ("FP64", "[1e400,1]", .range), ("FP16", "[65520,1]", .range),
            ("BF16", "[1,-1e39]", .range), ("INT32", "[1.5,1]", .type), ("FP32", #"["1",2]"#, .type),
            ("FP32", "[null,2]", .type), ("FP32", "[true,2]", .type), ("BOOL", "[1,0]", .type),
            ("BYTES", "[1,2]", .type),
            ("INT32", "[{},1]", .type), ("FP32", "[[1],[2]]", .type), ("FP32", "3", .type), ("FP32", "[1,2", .syntax),
            ("FP32", "[1]", .shape), ("FP32", "[1,2,3]", .shape), ("FP32", "[]", .shape), ("FP32", "[1,,2]", .syntax),
            ("FP32", "[1,2,]", .syntax), ("FP32", "[01,2]", .syntax), ("BYTES", "[\"\\ud800\",\"\"]", .encoding),
        ])
    func refusedData(datatype: String, data: String, rule expected: CodecError.Rule) {
        #expect(rule(datatype, data) == expected)
        let late = #"{"inputs":[{"data":\#(data),"name":"x","shape":[2],"datatype":"\#(datatype)"}]}"#
        #expect(rule(late) == expected)
    }

    @Test("shapes that lie are refused before memory is taken")
    func shapes() {
        let head = #"{"inputs":[{"name":"x","datatype":"FP32","data":[1,2],"shape":"#
        #expect(rule(head + "[-2]}]}") == .shape)
        #expect(rule(head + "[-1,-2]}]}") == .shape)
        #expect(rule(head + "[0,-2]}]}") == .shape)
        #expect(rule(head + "[4294967296,4294967296]}]}") == .shape)
        #expect(rule(head + "[9223372036854775807,2]}]}") == .shape)
        #expect(rule(head + "[0,9223372036854775807,9223372036854775807]}]}") == .shape)
        #expect(rule(head + "[30000000]}]}") == .shape)
        #expect(rule(head + "[300000000]}]}") == .limit)
        #expect(rule(head + "[2.5]}]}") == .type)
        #expect(rule(head + "2}]}") == .type)
        #expect(rule(head + "[" + String(repeating: "1,", count: 40) + "2]}]}") == .limit)
        #expect(rule(head + "[1,2]}]}") == nil)
        #expect(rule(#"{"inputs":[{"name":"x","datatype":"FP32","shape":[0,3],"data":[]}]}"#) == nil)
        #expect(rule(#"{"inputs":[{"name":"x","datatype":"FP32","shape":[],"data":[5]}]}"#) == nil)
    }

    @Test("nested data must be nested as the shape is")
    func nesting() {
        func rule(_ shape: String, _ data: String) -> CodecError.Rule? {
            self.rule(#"{"inputs":[{"name":"x","datatype":"INT32","shape":\#(shape),"data":\#(data)}]}"#)
        }
        #expect(rule("[2,3]", "[[1,2,3],[4,5,6]]") == nil)
        #expect(rule("[2,1,2]", "[[[1,2]],[[3,4]]]") == nil)
        #expect(rule("[2,3]", "[[1,2],[3,4],[5,6]]") == .shape)
        #expect(rule("[2,3]", "[[1,2,3,4,5,6]]") == .shape)
        #expect(rule("[2,3]", "[[1,2,3],[4,5]]") == .shape)
        #expect(rule("[2,3]", "[[1,2,3],4,5,6]") == .shape)
        #expect(rule("[2,2,1]", "[[1,2],[3,4]]") == .shape)
        #expect(rule("[2,0]", "[[],[]]") == nil)
        #expect(rule("[4]", String(repeating: "[", count: 10_000)) == .limit)
    }

    @Test("what is missing, doubled or misspelt is named")
    func structure() {
        #expect(error("{}")?.field == "inputs")
        #expect(rule("[]") == .syntax)
        #expect(rule(#"{"inputs":{}}"#) == .type)
        #expect(error(#"{"inputs":[{"name":"x","datatype":"FP32","shape":[1]}]}"#)?.rule == .missing)
        #expect(error(#"{"inputs":[{"name":"x","datatype":"FP33","shape":[1],"data":[1]}]}"#)?.field == "x")
        #expect(error(#"{"inputs":[{"datatype":"FP32","shape":[1],"data":["a"]}]}"#)?.field == "inputs[0]")
        #expect(rule(#"{"inputs":[{"name":"x","name":"x","datatype":"FP32","shape":[1],"data":[1]}]}"#) == .duplicate)
        let input = #"{"name":"x","datatype":"FP32","shape":[1],"data":[1]}"#
        #expect(
            error(#"{"inputs":[\#(input),\#(input)]}"#)
                == CodecError(
                    .duplicate, "two inputs are named \"x\"", field: "x"))
        #expect(rule(#"{"inputs":[],"inputs":[]}"#) == .duplicate)
        #expect(rule(#"{"inputs":[]} x"#) == .syntax)
        #expect(rule(#"{"inputs":[],"id":3}"#) == .type)
        #expect(rule(#"{"inputs":[],"outputs":[{"name":"a"},{"name":"a"}]}"#) == .duplicate)
        #expect(rule(#"{"inputs":[],"outputs":[{"parameters":{}}]}"#) == .missing)
        #expect(rule(#"{"inputs":[],"parameters":{"binary_data_output":1}}"#) == .type)
    }

    @Test("outputs say how they shall come back, and other parameters are kept")
    func outputs() throws {
        let request = try decode(
            #"""
            {"inputs":[],"outputs":[{"name":"a"},{"name":"b","parameters":{"binary_data":false}},
            {"name":"c","parameters":{"classification":3}}],"parameters":{"binary_data_output":true,"sequence_id":42}}
            """#)
        #expect(request.outputs?.map(\.name) == ["a", "b", "c"])
        #expect(request.outputs?.map(\.wantsBinary) == [true, false, true])
        #expect(request.outputs?[2].parameters.first?.value == 3)
        #expect(request.wantsBinaryOutputs)
        #expect(request.parameters.map(\.name) == ["binary_data_output", "sequence_id"])
    }

    // MARK: Helpers

    private func decode(_ text: String) throws(CodecError) -> InferRequest {
        try decodeRequest([UInt8](text.utf8))
    }

    private func tensor(_ datatype: String, _ data: String) throws -> Tensor {
        try decode(#"{"inputs":[{"name":"x","datatype":"\#(datatype)","shape":[2],"data":\#(data)}]}"#).inputs[0].tensor
    }

    private func error(_ text: String) -> CodecError? {
        do throws(CodecError) {
            _ = try decode(text)
            return nil
        } catch { return error }
    }

    @Test("parameters, which take more room than they have bytes, are few over the whole request")
    func manyParameters() throws {
        var limits = CodecLimits()
        limits.maxParameterValues = 10
        let input = #"{"name":"x","datatype":"INT8","shape":[1],"data":[1],"parameters":{"a":[1,2,3]}}"#
        let few = #"{"parameters":{"a":[1]},"inputs":[\#(input)]}"#
        #expect(try decodeRequest([UInt8](few.utf8), limits: limits).inputs.count == 1)
        let many = #"{"parameters":{"a":[1,2,3,4]},"inputs":[\#(input)]}"#
        let error = #expect(throws: CodecError.self) { try decodeRequest([UInt8](many.utf8), limits: limits) }
        #expect(error?.rule == .limit)
    }

    private func rule(_ text: String) -> CodecError.Rule? { error(text)?.rule }

    private func rule(_ datatype: String, _ data: String) -> CodecError.Rule? {
        rule(#"{"inputs":[{"name":"x","datatype":"\#(datatype)","shape":[2],"data":\#(data)}]}"#)
    }
}

/// Decodes bytes that nobody else keeps alive.
func decodeRequest(
    _ body: [UInt8], jsonByteCount: Int? = nil, limits: CodecLimits = .standard
) throws(CodecError) -> InferRequest {
    try unsafe body.withUnsafeBufferPointer { (bytes) throws(CodecError) in
        try unsafe decodeInferRequest(UnsafeRawBufferPointer(bytes), jsonByteCount: jsonByteCount, limits: limits)
    }
}
