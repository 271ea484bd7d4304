// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import Testing

@testable import CommandLineInterface

struct TextTests {
    @Test func columnsAreAligned() {
        let table = Table(
            header: ["NAME", "COUNT", "REMARK"], rows: [["a", "5", ""], ["größer", "12345678", "x"]], numbers: [1])
        #expect(
            table.text == """
                NAME       COUNT  REMARK
                a              5
                größer  12345678  x
                """)
    }

    @Test func aTableWithoutRowsIsItsHeader() {
        #expect(Table(header: ["A", "B"], rows: []).text == "A  B")
        #expect(Table(rows: []).text == "")
    }

    @Test func cellsCannotSteerATerminal() {
        #expect(Table(rows: [["\u{1B}[31mred", "\n"]]).text == "\\u{1b}[31mred  \\u{a}")
    }

    @Test(arguments: [
        (0, "0 bytes"), (512, "512 bytes"), (1536, "1.5 KiB"), (45 << 20, "45 MiB"), (3 << 30, "3 GiB"),
    ])
    func bytesAreReadable(_ count: Int, _ text: String) {
        #expect(byteText(count) == text)
    }

    @Test(arguments: [(8.54, "8.5 µs"), (120, "120 µs"), (3100, "3.1 ms"), (2e6, "2 s"), (.infinity, "inf s")])
    func durationsAreReadable(_ microseconds: Double, _ text: String) {
        #expect(durationText(microseconds: microseconds) == text)
    }

    @Test(arguments: [
        ("plain-1.0", "plain-1.0"), ("", "''"), ("a b", "'a b'"), ("it's", #"'it'\''s'"#), ("$(x)", "'$(x)'"),
    ])
    func wordsAreQuotedForAShell(_ text: String, _ word: String) {
        #expect(shellWord(text) == word)
    }

    @Test(arguments: [("64MiB", 64 << 20), ("1GiB", 1 << 30), ("512", 512), ("7B", 7), ("3KiB", 3072)])
    func sizesAreRead(_ text: String, _ bytes: Int) {
        #expect(ByteCount(argument: text) == ByteCount(bytes: bytes))
    }

    @Test(arguments: ["", "MiB", "-1", "1.5MiB", "1MB", "0", "9223372036854775807GiB", "99999999999999999999"])
    func noOtherSizesAreRead(_ text: String) {
        #expect(ByteCount(argument: text) == nil)
    }

    @Test func sizesAreWrittenAsTheyAreRead() {
        #expect(ByteCount(bytes: 64 << 20).description == "64MiB")
        #expect(ByteCount(bytes: 1000).description == "1000")
    }

    @Test func aTailTellsWhichLinesAreNew() {
        var tail = LogTail()
        #expect(tail.note(["a", "b"]) == ["a", "b"])
        #expect(tail.note(["a", "b"]).isEmpty)
        #expect(tail.note(["b", "b", "c"]) == ["b", "c"])
        #expect(tail.note(["x"]) == ["x"], "after a rotation everything is new")
        #expect(tail.note([]).isEmpty)
    }
}
