/// Why bytes cannot be read as text: which byte, where, what the encoding may be, and what to do.
package struct TextFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// One sentence without its full stop.
    package let description: String

    package init(_ description: String) { self.description = description }

    /// What is wrong with bytes that should be UTF-8; nil when nothing is.
    package init?(_ bytes: some Collection<UInt8>) {
        var check = UTF8Check()
        check.add(bytes)
        check.end()
        guard let fault = check.fault else { return nil }
        self.init(fault, in: Array(bytes))
    }

    /// - Parameter sample: Bytes around the fault, from which the encoding is guessed.
    package init(_ fault: UTF8Check.Fault, in sample: some Collection<UInt8>) {
        let place = "byte 0x\(Self.hexadecimal(fault.byte)) at offset \(fault.offset) (line \(fault.line))"
        if fault.isCut {
            self.init("\(place) begins a character that is not whole: the text was cut")
        } else if fault.byte == 0 {
            let guess = Self.unmarked(sample).map { encoding in
                "; it looks like \(encoding.name) without its mark: convert it with \(Self.iconv(encoding.iconvName))"
            }
            self.init("\(place) is no text\(guess ?? "")")
        } else {
            self.init("\(place) is not UTF-8; \(Self.guess(sample))")
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.count < 2 ? "0\(digits)" : digits
    }

    private static func iconv(_ name: String) -> String { "iconv -f \(name) -t UTF-8" }

    /// The encoding of UTF-16 without a mark, whose ASCII characters have a zero in every other byte; nil for other
    /// bytes.
    private static func unmarked(_ bytes: some Collection<UInt8>) -> TextEncoding? {
        let sample = Array(bytes.prefix(sampleMax))
        let zeros = sample.indices.filter { sample[$0] == 0 }
        guard zeros.count * 5 >= sample.count else { return nil }
        let odd = zeros.count { !$0.isMultiple(of: 2) }
        if odd * 10 >= zeros.count * 9 { return .utf16LittleEndian }
        return odd * 10 <= zeros.count ? .utf16BigEndian : nil
    }

    /// In bytes.
    private static let sampleMax = 64 << 10

    private static func guess(_ bytes: some Collection<UInt8>) -> String {
        let sample = Array(bytes.prefix(sampleMax))
        let high = sample.indices.filter { sample[$0] >= 0x80 }
        // In languages of Latin letters most letters with accents stand alone.
        let inRuns = high.count { index in
            (index > 0 && sample[index - 1] >= 0x80) || (index + 1 < sample.count && sample[index + 1] >= 0x80)
        }
        if high.count >= 4, inRuns * 10 >= high.count * 7 {
            return "it looks like an older encoding of many letters (Windows-1251, Shift_JIS, GB18030 …): "
                + "convert it with iconv -f ITS-ENCODING -t UTF-8"
        }
        return "it looks like Windows-1252: convert it with \(iconv("WINDOWS-1252"))"
    }
}
