// SPDX-License-Identifier: Apache-2.0
import EngineONNX
import ModelExecution
import Tensors
import Testing

/// Outputs borrow the library's memory: it must be theirs alone, for as long as they live.
struct BorrowedMemoryTests {
    /// The library itself would give the caller's own memory back, which may be gone by then.
    @Test func anInputThatIsHandedThroughIsCopied() throws {
        let engine = try open("passthrough")
        for shape in [[3], [0]] {
            let input = zeros(.float32, shape)
            let output = try #require(try engine.run([input]).first)
            #expect(bytes(of: output) == bytes(of: input))
            #expect(address(output) != address(input))
        }
    }

    @Test func anInputThatIsHandedThroughFromAnOddAddressIsTheCallersOwn() throws {
        let content = [UInt8](1...40)
        let outputs = try (0..<50).map { _ in
            try open("passthrough").run([unaligned(.float32, shape: [10], content)])[0]
        }
        // Memory that was lent to the library by mistake would be in use again by now.
        for output in outputs { #expect(bytes(of: output) == content) }
        #expect(Set(outputs.map(address)).count == 50)
    }

    @Test func aConstantOfTheModelIsGivenToEachCallerAnew() throws {
        let engine = try open("constant")
        let first = try #require(try engine.run([zeros(.float32, [1])]).first)
        let second = try #require(try engine.run([zeros(.float32, [1])]).first)
        #expect(first.elements(as: Float.self) == [1.5, 2.5])
        #expect(address(first) != address(second))
    }

    @Test func anAnswerIsNotChangedByLaterCalls() throws {
        let engine = try open("scale")
        let answers = try (0..<100).map { index in
            try engine.run([Tensor(.float32, shape: [1, 2], elements: [Float(index), Float(-index)])])[0]
        }
        for (index, answer) in answers.enumerated() {
            #expect(answer.elements(as: Float.self) == [Float(2 * index), Float(-2 * index)])
        }
    }

    private func address(_ tensor: Tensor) -> UInt {
        unsafe tensor.storage.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
    }
}
