package import Documents

/// The identity of a job: a ULID, 48 bits of time in milliseconds and 80 random bits, in Crockford's base 32.
///
/// 26 upper-case characters whose order is the order of their times (the ULID specification).
package struct JobID: Sendable, Hashable, Comparable, CustomStringConvertible {
    package static let length = 26

    package let text: String

    /// Reads a ULID in canonical spelling; nil for anything else.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == Self.length, let first = text.utf8.first, first <= UInt8(ascii: "7"),
            text.utf8.allSatisfy({ Self.alphabet.contains($0) })
        else { return nil }
        self.text = String(text)
    }

    package init(time: Timestamp, high: UInt16, low: UInt64) {
        let timePart = UInt128(UInt64(clamping: time.milliseconds) & 0xFFFF_FFFF_FFFF)
        self.init(number: timePart << Self.randomBits | UInt128(high) << 64 | UInt128(low))
    }

    init(number: UInt128) {
        var characters = [UInt8](repeating: 0, count: Self.length)
        var rest = number
        for index in stride(from: Self.length - 1, through: 0, by: -1) {
            characters[index] = Self.alphabet[Int(truncatingIfNeeded: rest & 31)]
            rest >>= 5
        }
        text = String(decoding: characters, as: UTF8.self)
    }

    /// All bits of the id; they have the same order as the ids.
    var number: UInt128 {
        text.utf8.reduce(0) { number, character in
            number << 5 | UInt128(Self.alphabet.firstIndex(of: character) ?? 0)
        }
    }

    /// The time at which the id says it was made.
    package var time: Timestamp { Timestamp(milliseconds: Int64(truncatingIfNeeded: number >> Self.randomBits)) }

    static let randomBits = 80

    package var description: String { text }

    package static func < (left: JobID, right: JobID) -> Bool { left.text < right.text }

    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
}
