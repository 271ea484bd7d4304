// SPDX-License-Identifier: Apache-2.0

extension JSONValue {
    /// The document as it is: compact, objects in their order.
    package func write(into writer: ByteWriter) {
        write(into: writer, isCanonical: false)
    }

    /// The compact text, objects in their order.
    package var text: String {
        let writer = ByteWriter()
        write(into: writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// The one text that stands for this document (RFC 8785): names sorted by UTF-16 code units, numbers as ECMAScript
    /// writes them.
    ///
    /// Integers are written with all their digits, also beyond 2^53 where RFC 8785 would round them. NaN and the
    /// infinities become the strings that stand for them.
    package var canonical: [UInt8] {
        let writer = ByteWriter()
        write(into: writer, isCanonical: true)
        return writer.bytes
    }

    private func write(into writer: ByteWriter, isCanonical: Bool) {
        switch self {
        case .null: writer.append("null")
        case .bool(let value): writer.append(value ? "true" : "false")
        case .integer(let value): writer.append(integer: value)
        case .unsigned(let value): writer.append(integer: value)
        case .double(let value): writer.append(number: value, style: isCanonical ? .ecmaScript : .pointed)
        case .string(let value): writer.append(jsonString: value)
        case .array(let values):
            writer.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { writer.append(UInt8(ascii: ",")) }
                value.write(into: writer, isCanonical: isCanonical)
            }
            writer.append(UInt8(ascii: "]"))
        case .object(let members):
            let ordered =
                isCanonical ? members.sorted { $0.name.utf16.lexicographicallyPrecedes($1.name.utf16) } : members
            writer.append(UInt8(ascii: "{"))
            for (index, member) in ordered.enumerated() {
                if index > 0 { writer.append(UInt8(ascii: ",")) }
                writer.append(jsonString: member.name)
                writer.append(UInt8(ascii: ":"))
                member.value.write(into: writer, isCanonical: isCanonical)
            }
            writer.append(UInt8(ascii: "}"))
        }
    }
}

extension ByteWriter {
    /// Appends `text` in quotes, escaping only what JSON demands.
    package func append(jsonString text: String) {
        var text = text
        text.withUTF8 { unsafe append(jsonString: UnsafeRawBufferPointer($0)) }
    }

    /// Appends UTF-8 bytes in quotes, escaping only what JSON demands.
    @unsafe func append(jsonString bytes: UnsafeRawBufferPointer) {
        append(UInt8(ascii: "\""))
        var written = 0
        for index in bytes.indices {
            let byte = unsafe bytes[index]
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            unsafe append(UnsafeRawBufferPointer(rebasing: bytes[written..<index]))
            written = index + 1
            appendEscape(byte)
        }
        unsafe append(UnsafeRawBufferPointer(rebasing: bytes[written...]))
        append(UInt8(ascii: "\""))
    }

    private func appendEscape(_ byte: UInt8) {
        append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: append(UInt8(ascii: "b"))
        case 0x09: append(UInt8(ascii: "t"))
        case 0x0A: append(UInt8(ascii: "n"))
        case 0x0C: append(UInt8(ascii: "f"))
        case 0x0D: append(UInt8(ascii: "r"))
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): append(byte)
        default: append(utf8: (byte < 0x10 ? "u000" : "u00") + String(byte, radix: 16))
        }
    }
}
