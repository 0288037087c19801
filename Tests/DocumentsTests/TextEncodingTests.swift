import Testing

@testable import Documents

@Suite struct TextEncodingTests {
    private static let text = "Grüße, 日本 🎉\r\n"

    private static func utf16(_ text: String, isLittle: Bool) -> [UInt8] {
        text.utf16.flatMap { isLittle ? [UInt8($0 & 0xFF), UInt8($0 >> 8)] : [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
    }

    private static func utf32(_ text: String, isLittle: Bool) -> [UInt8] {
        text.unicodeScalars.flatMap { scalar in
            let bytes = [0, 8, 16, 24].map { UInt8(scalar.value >> UInt32($0) & 0xFF) }
            return isLittle ? bytes : bytes.reversed()
        }
    }

    @Test(arguments: [
        ("UTF-8", Array(text.utf8)), ("UTF-8 with a mark", [0xEF, 0xBB, 0xBF] + Array(text.utf8)),
        ("UTF-16 little-endian", [0xFF, 0xFE] + utf16(text, isLittle: true)),
        ("UTF-16 big-endian", [0xFE, 0xFF] + utf16(text, isLittle: false)),
        ("UTF-32 little-endian", [0xFF, 0xFE, 0, 0] + utf32(text, isLittle: true)),
        ("UTF-32 big-endian", [0, 0, 0xFE, 0xFF] + utf32(text, isLittle: false)),
    ]) func `a text is read in UTF-8 and in every encoding that a mark names`(name: String, bytes: [UInt8]) throws {
        #expect(try PlainText.read(bytes, named: "note.txt") == Self.text)
    }

    @Test(
        arguments: [
            (
                "a letter of Windows-1252 at the end", Array("une cl".utf8) + [0xE9],
                "byte 0xE9 at offset 6 (line 1) begins a character that is not whole: the text was cut"
            ),
            (
                "Windows-1252", Array("first line\nun caf".utf8) + [0xE9] + Array(" noir".utf8),
                "byte 0xE9 at offset 17 (line 2) is not UTF-8; it looks like Windows-1252: convert it with "
                    + "iconv -f WINDOWS-1252 -t UTF-8"
            ),
            (
                "a quote of Windows-1252", [0x93] + Array("so".utf8) + [0x94],
                "byte 0x93 at offset 0 (line 1) is not UTF-8; it looks like Windows-1252: convert it with "
                    + "iconv -f WINDOWS-1252 -t UTF-8"
            ),
            (
                "Cyrillic in one byte a letter", [0xCF, 0xF0, 0xE8, 0xE2, 0xE5, 0xF2],
                "byte 0xCF at offset 0 (line 1) is not UTF-8; it looks like an older encoding of many letters "
                    + "(Windows-1251, Shift_JIS, GB18030 …): convert it with iconv -f ITS-ENCODING -t UTF-8"
            ),
            (
                "UTF-16 without its mark", utf16("hello", isLittle: true),
                "byte 0x00 at offset 1 (line 1) is no text; it looks like UTF-16 (little-endian) without its mark: "
                    + "convert it with iconv -f UTF-16LE -t UTF-8"
            ),
            (
                "UTF-16 the other way round", utf16("hello", isLittle: false),
                "byte 0x00 at offset 0 (line 1) is no text; it looks like UTF-16 (big-endian) without its mark: "
                    + "convert it with iconv -f UTF-16BE -t UTF-8"
            ),
            (
                "UTF-16 that was cut", [0xFF, 0xFE, 0x68, 0, 0x69],
                "it is UTF-16 (little-endian) and ends within a character: it was cut"
            ),
            (
                "half a surrogate pair", [0xFF, 0xFE, 0x00, 0xD8],
                "it is UTF-16 (little-endian) with half a character in it"
            ),
            (
                "a number that is no character", [0xFF, 0xFE, 0, 0, 0, 0xD8, 0, 0],
                "it is UTF-32 (little-endian) with a number in it that is no character"
            ),
            ("a PDF", Array("%PDF-1.7 all of it in ASCII".utf8), "it is a PDF document, not a text"),
            ("a picture", [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A], "it is a PNG image, not a text"),
            ("an archive", [0x50, 0x4B, 3, 4, 0, 0], "it is a zip archive, not a text"),
        ] as [(String, [UInt8], String)]
    )
    func `the error about bytes that are no text names the byte or the kind of file`(
        name: String,
        bytes: [UInt8],
        reason: String
    ) {
        let error = #expect(throws: TextFault.self) { try PlainText.read(bytes, named: "note.txt") }
        #expect(error?.description == reason)
    }

    @Test(arguments: [
        ("report.docx", "a Word document"), ("numbers.XLSX", "an Excel workbook"), ("all.zip", "a zip archive"),
    ]) func `the name tells a document from an archive`(name: String, kind: String) {
        #expect(BinaryFile.kind(of: [0x50, 0x4B, 3, 4], named: name) == kind)
    }

    @Test(
        arguments: [
            Array("ASCII".utf8), Array("é日🎉".utf8), [], [0xED, 0x9F, 0xBF], [0xF4, 0x8F, 0xBF, 0xBF],
            [0xE0, 0xA0, 0x80],
        ] as [[UInt8]]
    ) func `UTF-8 is valid, wherever it is cut into pieces`(bytes: [UInt8]) {
        for cut in 0...bytes.count {
            var check = UTF8Check()
            check.add(bytes[..<cut])
            check.add(bytes[cut...])
            check.end()
            #expect(check.fault == nil)
        }
    }

    @Test(
        arguments: [
            [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE0, 0x9F, 0xBF], [0x80], [0xFF],
            [0xC3, 0x28],
            [0xE2, 0x82], [0x61, 0],
        ] as [[UInt8]]
    ) func `bytes that the standard forbids are a fault`(bytes: [UInt8]) { #expect(TextFault(bytes) != nil) }
}
