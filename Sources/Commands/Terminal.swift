import Documents
import Glibc

/// Standard output and error: with colour and alignment on a terminal, plain in a pipe.
enum Terminal {
    static func print(_ text: String) { write(text + "\n", to: 1) }

    /// Prints the value on one line, with control characters as JSON escapes.
    static func print(_ json: JSON) {
        let text = json.text.unicodeScalars.map { scalar in
            isControl(scalar) ? "\\u00" + String(scalar.value, radix: 16) : String(scalar)
        }
        write(text.joined() + "\n", to: 1)
    }

    /// Prints a job's output: as it is in a pipe, with control characters made visible on a terminal.
    static func print(output: String) {
        print(isatty(1) == 1 ? harmless(output, keepsLines: true) : output)
    }

    /// Prints an error message on standard error.
    static func complain(_ message: String) { remark("agentspool: \(message)") }

    /// Prints a message that is not a result on standard error.
    static func remark(_ message: String) { write("\(harmless(message, keepsLines: true))\n", to: 2) }

    /// A reader that has closed its end, as `head` does, ends the output without an error.
    private static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return }
            rest = rest.dropFirst(count)
        }
    }

    static let hasColour = isatty(1) == 1 && getenv("NO_COLOR") == nil

    enum Style: String {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
    }

    static func styled(_ text: String, _ style: Style?) -> String {
        guard hasColour, let style, !text.isEmpty else { return text }
        return "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m"
    }

    /// The text with control characters made visible: names and messages are not trusted.
    static func harmless(_ text: String, keepsLines: Bool = false) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isKept = !isControl(scalar) || (keepsLines && (scalar == "\n" || scalar == "\t"))
            result.append(isKept ? scalar : "·")
        }
        return String(result)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }
}
