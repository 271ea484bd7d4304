// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Tensors

@Suite("Broken bodies are refused or mean something, and never stop the process")
struct FuzzTests {
    private static let rounds = 6_000

    @Test("JSON documents")
    func documents() throws {
        let seeds = [
            #"{"a":[1,-2.5e3,true,null,"x\u00e9\n"],"b":{"c":[[],{}],"d":18446744073709551615},"e":"é😀"}"#,
            #"[[0.1,1e-7,123456789012345678901234567890],"\ud83d\ude00",{"":{"":0}}]"#,
        ]
        var taken = 0
        for body in Mutations(seeds, seed: 11, count: Self.rounds) {
            _ = try? unsafe body.withUnsafeBytes { try unsafe jsonMembers(of: $0) }
            guard let value = try? JSONValue.parse(body) else { continue }
            taken += 1
            let canonical = value.canonical
            let again = try JSONValue.parse(canonical)
            if again.canonical != canonical { Issue.record("not stable: \(value.text)") }
            if try JSONValue.parse(value.text) != value { Issue.record("not the same: \(value.text)") }
        }
        #expect(taken > 0)
    }

    @Test("infer requests in JSON and binary, which decode to the same tensors when written again")
    func requests() throws {
        let types = Datatype.allCases.map { type in
            let data = type == .bool ? "true,false" : type == .bytes ? #""a\n","é""# : "1,2"
            return #"{"name":"\#(type.rawValue)","shape":[1,2],"datatype":"\#(type.rawValue)","data":[\#(data)]}"#
        }
        let head = #"""
            {"inputs":[{"name":"x","shape":[2],"datatype":"FP32","parameters":{"binary_data_size":8}},
            {"name":"s","shape":[1],"datatype":"BYTES","parameters":{"binary_data_size":6}}],"outputs":[{"name":"y"}]}
            """#
        let binary = [UInt8](head.utf8) + [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 2, 0, 0, 0, 0x61, 0x62]
        var taken = 0
        for body in Mutations(
            ["{\"inputs\":[\(types.joined(separator: ","))],\"id\":\"1\"}"], seed: 12, count: Self.rounds)
        {
            guard let request = try? decodeRequest(body) else { continue }
            taken += 1
            try Self.expectSame(request.inputs, binary: false)
            try Self.expectSame(request.inputs, binary: true)
        }
        for body in Mutations([binary], seed: 13, count: Self.rounds) {
            guard let request = try? decodeRequest(body, jsonByteCount: head.utf8.count) else { continue }
            taken += 1
            try Self.expectSame(request.inputs, binary: true)
        }
        #expect(taken > 0)
    }

    @Test("rows in JSON and CSV")
    func rows() throws {
        var taken = 0
        for (layout, json, csv) in [
            (
                Layouts.matrix, #"[{"mean radius":17.99,"b":2,"c":null},{"mean radius":1e1,"b":"NaN","c":3.25}]"#,
                "mean radius,b,c\r\n17.99,2,\r\n10,nan,3.25\r\n"
            ),
            (
                Layouts.columns,
                #"[{"age":3,"member":true,"plan":"a\"b","score":0.5},{"age":4,"member":false,"plan":""}]"#,
                "age,member,plan,score\n3,true,\"a\"\"b\",0.5\n4,0,x,\n"
            ),
            (
                Layouts.texts, #"[{"a":"x","b":"y","v":[1,2,3]},{"a":"z","b":"","v":[4,5,6]}]"#,
                "a,b,v[0],v[1],v[2]\nx,y,1,2,3\nz,w,4,5,6\n"
            ),
        ] {
            let decoder = try RowDecoder(layout: layout, extra: .ignore)
            for body in Mutations([json], seed: 14, count: Self.rounds / 3) {
                guard let rows = try? decoder.decode(json: body) else { continue }
                taken += 1
                try Self.expectSame(zip(layout.inputs, rows.inputs).map { NamedTensor($0.name, $1) }, binary: true)
            }
            for body in Mutations([csv], seed: 15, count: Self.rounds / 3) {
                _ = try? unsafe body.withUnsafeBytes { try unsafe csvColumns(of: $0) }
                guard let rows = try? decoder.decode(csv: body) else { continue }
                taken += 1
                try Self.expectSame(zip(layout.inputs, rows.inputs).map { NamedTensor($0.name, $1) }, binary: true)
            }
        }
        #expect(taken > 0)
    }

    @Test("scoring requests in every form, which never make other shapes than the model's")
    func scoring() throws {
        var taken = 0
        for (layout, bodies) in [
            (
                Layouts.matrix,
                [
                    #"{"instances":[[1,2,null],{"mean radius":1,"b":2,"c":3}]}"#,
                    #"{"inputs":{"c":[3,6],"mean radius":[1,4],"b":[2,5]},"params":{}}"#,
                    #"{"dataframe_split":{"data":[[3,1,2],[6,4,5]],"index":[0,1],"columns":["c","mean radius","b"]}}"#,
                ]
            ),
            (
                Layouts.columns,
                [
                    #"{"instances":[[3,true,"a",0.5],[4,false,{"b64":"Yg=="},null]]}"#,
                    #"{"inputs":{"age":[[3],[4]],"member":[true,false],"plan":["a",{"b64":"Yg"}],"score":[0.5,null]}}"#,
                    #"{"dataframe_records":[{"age":3,"member":true,"plan":"a","score":0.5}]}"#,
                ]
            ),
            (Layouts.image, [#"{"inputs":{"image":[[[1,2],[3,4]]]}}"#, #"{"instances":[[[1,2],[3,4]]]}"#]),
        ] {
            let decoder = try RowDecoder(layout: layout, extra: .ignore)
            for body in Mutations(bodies, seed: 16, count: Self.rounds) {
                let request = try? unsafe body.withUnsafeBytes {
                    try unsafe decoder.decode(
                        scoring: $0, forms: ScoringForm.allCases, others: ["params"], inputs: layout.inputs)
                }
                guard let request, let inputs = try? request.inputs(decoder) else { continue }
                taken += 1
                let fits = zip(layout.inputs, inputs).allSatisfy { $0.accepts($1.shape) && $0.datatype == $1.datatype }
                if !fits { Issue.record("other shapes: \(String(decoding: body, as: UTF8.self))") }
            }
        }
        #expect(taken > 0)
    }

    @Test("base64 and bodies without JSON")
    func bytes() throws {
        var taken = 0
        let spec = TensorSpec(name: "x", datatype: .int16, shape: [.symbolic(""), .fixed(3)])
        for body in Mutations(["Zm9vYmFy", "-_8=", "Zg=="], seed: 17, count: Self.rounds) {
            if let bytes = unsafe body.withUnsafeBytes({ unsafe decodeBase64($0) }) {
                taken += 1
                #expect(bytes.count == body.count(where: { $0 != 0x3D }) * 3 / 4)
            }
            let request = try? unsafe body.withUnsafeBytes { try unsafe decodeRawInferRequest($0, inputs: [spec]) }
            if let tensor = request?.inputs.first?.tensor { #expect(tensor.storage.byteCount == body.count) }
        }
        #expect(taken > 0)
    }

    /// Writes tensors as a reply, turns the reply into a request, and compares what comes back.
    private static func expectSame(_ tensors: [NamedTensor], binary: Bool) throws {
        let writer = ByteWriter()
        let count = try encodeInferResponse(
            modelName: "m", modelVersion: "1", id: nil, outputs: tensors, binary: tensors.map { _ in binary },
            into: writer)
        let bytes = writer.bytes
        let text = String(decoding: bytes.prefix(count ?? bytes.count), as: UTF8.self)
        // The key is longer by one, so the length of the JSON shrinks by one.
        let marker = try #require(text.range(of: "\"outputs\":["))
        let request = text.replacingCharacters(in: marker, with: "\"inputs\":[")
        let body = [UInt8](request.utf8) + bytes.dropFirst(count ?? bytes.count)
        let again = try decodeRequest(body, jsonByteCount: count.map { $0 - 1 })
        let isSame =
            again.inputs.count == tensors.count
            && zip(again.inputs, tensors).allSatisfy { one, other in
                ExactName(text: one.name) == ExactName(text: other.name) && one.tensor.shape == other.tensor.shape
                    && one.tensor.datatype == other.tensor.datatype && content(one.tensor) == content(other.tensor)
            }
        if !isSame { Issue.record("not the same: \(request)") }
    }

    /// Bits, but one NaN is like another: JSON has only one.
    private static func content(_ tensor: Tensor) -> [String] {
        if tensor.datatype == .bytes { return tensor.strings }
        if tensor.datatype.isFloatingPoint { return (tensor.doubles ?? []).map { "\($0)" } }
        return unsafe tensor.storage.withUnsafeBytes { bytes in unsafe bytes.map { "\($0)" } }
    }
}

extension String {
    /// The first place where `other` stands.
    fileprivate func range(of other: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].utf8.starts(with: other.utf8) {
                return start..<utf8.index(start, offsetBy: other.utf8.count)
            }
            start = utf8.index(after: start)
        }
        return nil
    }

    fileprivate func replacingCharacters(in range: Range<Index>, with other: String) -> String {
        self[..<range.lowerBound] + other + self[range.upperBound...]
    }
}
