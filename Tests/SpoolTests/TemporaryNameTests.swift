import Documents
import Jobs
import Testing

@testable import Spool

@Suite("A name in an inbox")
struct TemporaryNameTests {
    @Test(
        "A name that programs give to unfinished files is left alone",
        arguments: [
            // Hidden, whatever follows.
            ".a", ".", ".DS_Store", "._photo.jpg", ".nfs000000000012", ".fuse_hidden0000000a", ".~lock.report.odt#",
            ".report.txt.swp", ".#draft", ".syncthing.report.txt.tmp", ".report.pdf.AbC123", ".in.report.pdf",
            ".goutputstream-X3Y5Z1", ".~report.docx.4d2a", ".unison.a.unison.tmp", ".smbdeleteAAA1",
            // Endings, in any case.
            "a.tmp", "a.TMP", "A.Temp", "a.part", "a.json.filepart", "scan.pdf.FILEPART", "a.partial", "a.crdownload",
            "Unconfirmed 4711.crdownload", "a.download", "a.opdownload", "a.pdf.aria2", "a.ytdl", "a.part-Frag12",
            "a.crswap", "a.ocTransferId1234567.part", "a.x7k2.partial", "a.rclone-partial", "a.lftp-pget-status",
            "a.!qB", "a.!ut", "a.!sync", "a.bts", "a._COPYING_", "a.uploading", "a.incomplete", "a.inprogress",
            "a.swp", "a.SWO", "a.swx", "a.swpx", "a.tmp.4711", "a.json.tmp-12.7", "a.TMP.1",
            // Beginnings and ends.
            "a~", "a.txt~", "#a#", "#report.txt#", "~$x.docx", "~$report.xlsx", "~syncthing~a.txt.tmp", "~WRD0001.tmp",
            // Whole names.
            "4913", "Thumbs.db", "thumbs.DB", "ehthumbs.db", "desktop.ini", "DESKTOP.INI", "Icon\r", "lost+found",
            "@eaDir", "$RECYCLE.BIN", "System Volume Information", "#recycle",
        ]
    )
    func temporary(_ name: String) { #expect(NameRules().leftAlone(Array(name.utf8)) == .temporary) }

    @Test(
        "A name that is only like a temporary one is a drop",
        arguments: [
            "a", "tmp", "temp", "part", "a.tmp.json", "~a", "~a.txt", "a b\n", "history.jsonl", "#a", "a#", "49130",
            "4913.txt", "a.part1.rar", "a.tmpl", "a.template", "a.4711", "x.swf", "thumbs.db.txt", "download",
            "a.departed", "tmp.4711", "x-12", "a.download.pdf", "2026.11.27", "-", "~", "$x", "ä.txt", "draft.bak",
        ]
    )
    func permanent(_ name: String) {
        let isTilde = name == "~"
        #expect(NameRules().leftAlone(Array(name.utf8)) == (isTilde ? .temporary : nil))
    }

    @Test(
        "A name that begins with an id and a dash is a drop, whatever follows",
        arguments: ["draft.tmp", "a~", ".hidden", "~$x.docx"]
    )
    func submitted(_ name: String) throws {
        let id = "01M83PKN3X4W1E2J6V9ZACH0E5"
        let rules = NameRules(ignore: [try NamePattern("*")], accept: [try NamePattern("*.pdf")])
        #expect(rules.leftAlone(Array("\(id)-\(name)".utf8)) == nil)
        #expect(rules.leftAlone(Array("\(id)\(name)".utf8)) != nil)
        #expect(rules.leftAlone(Array("\(id.lowercased())-\(name)".utf8)) != nil)
    }

    @Test("Bytes that are not UTF-8, and an id alone, are no name with an id")
    func noID() {
        #expect(!DropName.hasID([0xFF, 0xFE]))
        #expect(!DropName.hasID(Array("01M83PKN3X4W1E2J6V9ZACH0E5-".utf8)))
        #expect(!DropName.hasID([]))
        #expect(NameRules().leftAlone([0xFF, 0xFE]) == nil)
        #expect(!DropName.isTemporary([]))
    }

    @Test("A name that the queue ignores or does not accept is left alone")
    func rules() throws {
        let rules = NameRules(
            ignore: [try NamePattern("*.bak"), try NamePattern("copy of *")],
            accept: [try NamePattern("*.pdf"), try NamePattern("*.txt")]
        )
        let rows: [(String, SkipReason?)] = [
            ("a.pdf", nil), ("A.PDF", nil), ("a.txt", nil), ("a.bak", .ignored), ("Copy of a.pdf", .ignored),
            ("a.doc", .notAccepted), ("pdf", .notAccepted), ("a.pdf.part", .temporary), (".a.pdf", .temporary),
        ]
        for (name, reason) in rows { #expect(rules.leftAlone(Array(name.utf8)) == reason, "\(name)") }
    }
}

@Suite("A pattern of names")
struct NamePatternTests {
    @Test(
        "A pattern fits as in a shell, without regard to case",
        arguments: [
            ("*", "", true), ("*", "anything", true), ("*.pdf", "a.pdf", true), ("*.pdf", "A.Pdf", true),
            ("*.PDF", "a.pdf", true), ("*.pdf", "a.pdfx", false), ("*.pdf", ".pdf", true), ("a?c", "abc", true),
            ("a?c", "ac", false), ("a?c", "aäc", true), ("[ab]x", "bx", true), ("[ab]x", "cx", false),
            ("[!ab]x", "cx", true), ("[^ab]x", "ax", false), ("[a-c]1", "B1", true), ("[a-c]1", "d1", false),
            ("[]]x", "]x", true), ("[a-]x", "-x", true), ("scan_[0-9][0-9].*", "SCAN_07.tif", true),
            ("scan_[0-9][0-9].*", "scan_7.tif", false), ("\\*.txt", "*.txt", true), ("\\*.txt", "a.txt", false),
            ("**a**", "bab", true), ("*a*b*c*", "xxaxxbxxcxx", true), ("*a*b*c*", "xxcxxbxxaxx", false),
            ("a*", "a", true), ("a*b", "ab", true), ("ü.txt", "U\u{308}.TXT", true), ("a b.txt", "A B.txt", true),
            ("(x)+.txt", "(x)+.txt", true),
        ]
    )
    func fits(_ pattern: String, _ name: String, _ isFit: Bool) throws {
        #expect(try NamePattern(pattern).fits(NamePattern.folded(Array(name.utf8))) == isFit)
    }

    @Test(
        "A text that is no pattern is refused with the reason",
        arguments: [
            ("", "fits no name"), ("a/b", "has a /"), ("*.{pdf,txt}", "braces"), ("[ab", "without its ]"),
            ("[]", "without its ]"), ("[z-a]", "ends before it begins"), ("a\\", "ends in a \\"),
        ]
    )
    func faults(_ pattern: String, _ part: String) {
        let fault = #expect(throws: NamePattern.Fault.self) { try NamePattern(pattern) }
        #expect(fault?.reason.contains(part) == true)
    }

    @Test("A pattern of many stars fails quickly on a name that does not fit")
    func stars() throws {
        let pattern = try NamePattern(String(repeating: "a*", count: 60) + "b")
        let name = NamePattern.folded(Array(String(repeating: "a", count: 255).utf8))
        #expect(!pattern.fits(name))
    }
}
