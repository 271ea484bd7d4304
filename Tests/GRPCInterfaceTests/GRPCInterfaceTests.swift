// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import NIOCore
import Testing

@testable import GRPCInterface

@Suite("What gRPC puts around messages")
struct GRPCInterfaceTests {
    @Test(
        arguments: [
            ("1H", 3_600_000_000_000), ("2M", 120_000_000_000), ("3S", 3_000_000_000), ("4m", 4_000_000), ("5u", 5000),
            ("99999999n", 99_999_999), ("0S", 0), ("99999999H", .max), ("100000000n", nil), ("1", nil), ("S", nil),
            ("1s", nil),
            ("-1S", nil),
            ("1.5S", nil), ("", nil), (" 1S", nil),
        ] as [(String, Int?)])
    func timeouts(_ text: String, _ nanoseconds: Int?) { #expect(timeoutNanoseconds(text) == nanoseconds) }

    @Test(arguments: [
        ("plain text", "plain text"), ("100 %", "100 %25"), ("a\nb", "a%0Ab"), ("é", "%C3%A9"), ("", ""),
    ])
    func messagesOfStatuses(_ text: String, _ encoded: String) { #expect(percentEncoded(text) == encoded) }

    @Test(arguments: Explanation.Kind.allCases)
    func everyKindOfFailureHasAStatus(_ kind: Explanation.Kind) {
        let status = GRPCStatus(Explanation(.bug, kind, "It did not work.", hint: "Try again."))
        #expect(status.code != .ok)
        #expect(status.message == "It did not work. Try again.")
    }

    @Test func messagesComeInAnyPieces() throws {
        let messages: [[UInt8]] = [[], [1], Array(repeating: 7, count: 300), Array(0...255)]
        let bytes = messages.flatMap { (message: [UInt8]) -> [UInt8] in
            [0, 0, 0, UInt8(message.count >> 8), UInt8(message.count & 255)] + message
        }
        for size in [1, 2, 3, 5, 7, 100, bytes.count] {
            var assembler = MessageAssembler(limit: 300)
            var found: [[UInt8]] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                assembler.append(ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)]))
                while let message = try assembler.next() { found.append(Array(message.bytes.readableBytesView)) }
            }
            #expect(found == messages)
            #expect(assembler.isEmpty)
        }
    }

    @Test func aMessageThatIsCutIsNotEmpty() throws {
        for count in 1..<8 {
            var assembler = MessageAssembler(limit: 10)
            assembler.append(ByteBuffer(bytes: [0, 0, 0, 0, 3, 1, 2].prefix(count)))
            #expect(try assembler.next()?.bytes == nil)
            #expect(!assembler.isEmpty)
        }
    }

    @Test func whatIsTooLongIsRefusedBeforeItComes() {
        var assembler = MessageAssembler(limit: 10)
        assembler.append(ByteBuffer(bytes: [0, 0, 0, 0, 11]))
        let error = #expect(throws: GRPCStatus.self) { try assembler.next() }
        #expect(error?.code == .resourceExhausted)
        var other = MessageAssembler(limit: 10)
        other.append(ByteBuffer(bytes: [2, 0, 0, 0, 1]))
        #expect(throws: GRPCStatus.self) { try other.next() }
    }

    @Test func everyFileOfReflectionIsThere() {
        #expect(
            Set(protoDescriptors.map(\.file)) == [
                "inference.proto", "health.proto", "reflection_v1.proto", "reflection_v1alpha.proto",
            ])
        #expect(GRPCMethod.byPath.count == 16)
        let symbols = protoDescriptors.flatMap(\.symbols)
        for path in GRPCMethod.byPath.keys {
            #expect(symbols.contains(path.dropFirst().split(separator: "/").joined(separator: ".")), "\(path)")
        }
    }
}
