import Documents
import Jobs
import Logging

/// The text form of an entry: `2026-11-23T07:00:00.123Z notice   message  job=01K… step=classify`.
///
/// No text from outside can begin a new line or move a terminal's cursor: control characters are written as `\n`, `\t`
/// or `\u001b`. A value with spaces, quotes, `=` or anything escaped stands in quotes.
enum TextLine {
    /// The longest name of a level, so that messages align.
    private static let levelWidth = 8

    static func bytes(_ entry: LogEntry) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(64 + entry.message.utf8.count + 32 * entry.fields.count)
        line += entry.at.bytes
        line.append(UInt8(ascii: " "))
        let level = entry.level.rawValue.utf8
        line += level
        line += repeatElement(UInt8(ascii: " "), count: max(0, levelWidth - level.count) + 1)
        line.append(escaping: entry.message, quoted: false)
        var separator = "  "
        // The message id repeats the message, for programs.
        for field in entry.fields where field.key != JournalField.messageID.rawValue {
            line += separator.utf8
            separator = " "
            line.append(field: field.key)
            line.append(UInt8(ascii: "="))
            line.append(field: field.value)
        }
        return line
    }
}

extension [UInt8] {
    /// A key or a value: bare when it is one plain word, else in quotes.
    fileprivate mutating func append(field text: String) {
        // Nearly all are ASCII, which needs no table of Unicode.
        let isPlain =
            !text.isEmpty
            && (text.utf8.allSatisfy(\.isPlain) || text.unicodeScalars.allSatisfy(\.isPlain))
        if isPlain {
            self += text.utf8
            return
        }
        append(UInt8(ascii: "\""))
        append(escaping: text, quoted: true)
        append(UInt8(ascii: "\""))
    }

    fileprivate mutating func append(escaping text: String, quoted: Bool) {
        if text.utf8.allSatisfy({ $0 == UInt8(ascii: " ") || $0.isPlain }) {
            self += text.utf8
            return
        }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": self += #"\n"#.utf8
            case "\r": self += #"\r"#.utf8
            case "\t": self += #"\t"#.utf8
            case "\"" where quoted: self += #"\""#.utf8
            case "\\" where quoted: self += #"\\"#.utf8
            case _ where scalar.disturbsLines:
                let hex = String(scalar.value, radix: 16)
                self += #"\u"#.utf8
                self += repeatElement(UInt8(ascii: "0"), count: Swift.max(0, 4 - hex.utf8.count))
                self += hex.utf8
            default: self += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
            }
        }
    }
}

extension UInt8 {
    /// Whether it is an ASCII character that is never escaped or quoted.
    fileprivate var isPlain: Bool {
        (0x21...0x7E).contains(self) && self != UInt8(ascii: "\"") && self != UInt8(ascii: "\\")
            && self != UInt8(ascii: "=")
    }
}

extension Unicode.Scalar {
    /// Whether it could begin another line, or reorder this one.
    fileprivate var disturbsLines: Bool {
        switch value {
        case 0x00...0x1F, 0x7F...0x9F: true
        // Line and paragraph separators, and marks that change the direction of writing.
        case 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    fileprivate var isPlain: Bool {
        switch self {
        case "\"", "\\", "=": false
        default: !disturbsLines && !properties.isWhitespace
        }
    }
}
