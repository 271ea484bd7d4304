// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import Tensors
import Testing

struct SignatureTests {
    private func signature(_ shape: [Dimension]) -> Signature {
        let input = TensorSpec(name: "x", datatype: .float32, shape: [.symbolic("n"), .fixed(2)])
        return Signature(inputs: [input], outputs: [TensorSpec(name: "y", datatype: .float32, shape: shape)])
    }

    private func answer(_ shape: Shape) -> [Tensor] {
        [Tensor(.float32, shape: shape, elements: [Float](repeating: 1, count: shape.reduce(1, *)))]
    }

    @Test func aPlainColumnIsOneValueARow() throws {
        let rows = try signature([.symbolic("n"), .fixed(1)]).answerRows(answer([3, 1]), rowCount: 3)
        #expect(rows[0].tensor.shape == [3])
    }

    /// A fixed size that happens to equal the number of rows must not be cut into them.
    @Test func anOutputWithoutRowsAnswersOneRowOnly() throws {
        let fixed = signature([.fixed(2)])
        #expect(try fixed.answerRows(answer([2]), rowCount: 1)[0].tensor.shape == [1, 2])
        let error = #expect(throws: CodecError.self) { try fixed.answerRows(answer([2]), rowCount: 2) }
        #expect(error?.rule == .shape)
    }

    /// The names of the request decide, not its order; every fault names the input and the rule.
    @Test func inputsAreArrangedByName() throws {
        let a = TensorSpec(name: "a", datatype: .float32, shape: [.symbolic("n")])
        let b = TensorSpec(name: "b", datatype: .int64, shape: [.symbolic("n")])
        let signature = Signature(inputs: [a, b], outputs: [])
        let first = NamedTensor("a", Tensor(.float32, shape: [2], elements: [1, 2] as [Float]))
        let second = NamedTensor("b", Tensor(.int64, shape: [2], elements: [1, 2] as [Int64]))
        #expect(try signature.arrange([second, first]).map(\.datatype) == [.float32, .int64])
        let faults: [([NamedTensor], CodecError.Rule)] = [
            ([first], .missing), ([first, second, first], .duplicate),
            ([first, NamedTensor("c", second.tensor)], .unknownName),
            ([first, NamedTensor("b", first.tensor)], .type),
            ([first, NamedTensor("b", second.tensor.reshaped(to: [2, 1]))], .shape),
            ([first, NamedTensor("b", Tensor(.int64, shape: [1], elements: [1] as [Int64]))], .shape),
        ]
        for (named, rule) in faults {
            let error = #expect(throws: CodecError.self) { try signature.arrange(named) }
            #expect(error?.rule == rule)
        }
    }

    @Test func aSignatureThatCallersCannotFeedIsTold() {
        let old = signature([.symbolic("n")])
        #expect(old.difference(from: old) == nil)
        #expect(old.difference(from: signature([.symbolic("n"), .fixed(3)]))?.contains("“y”") == true)
        let wider = Signature(
            inputs: old.inputs, outputs: old.outputs + [TensorSpec(name: "z", datatype: .bool, shape: [])])
        #expect(old.difference(from: wider) == nil)
        #expect(wider.difference(from: old)?.contains("“z”") == true)
    }
}
