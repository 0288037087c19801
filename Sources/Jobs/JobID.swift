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
        var characters = [UInt8](repeating: 0, count: Self.length)
        var timePart = UInt64(clamping: time.milliseconds) & 0xFFFF_FFFF_FFFF
        for index in stride(from: 9, through: 0, by: -1) {
            characters[index] = Self.alphabet[Int(timePart & 31)]
            timePart >>= 5
        }
        var randomPart = UInt128(high) << 64 | UInt128(low)
        for index in stride(from: 25, through: 10, by: -1) {
            characters[index] = Self.alphabet[Int(randomPart & 31)]
            randomPart >>= 5
        }
        text = String(decoding: characters, as: UTF8.self)
    }

    package var description: String { text }

    package static func < (left: JobID, right: JobID) -> Bool { left.text < right.text }

    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
}

/// Makes ids; those of one millisecond differ by their random part.
package struct JobIDGenerator: Sendable {
    private let clock: WallClock
    private let random: @Sendable () -> UInt64

    package init(clock: WallClock, random: @escaping @Sendable () -> UInt64) {
        self.clock = clock
        self.random = random
    }

    package func next() -> JobID {
        JobID(time: clock.now, high: UInt16(truncatingIfNeeded: random()), low: random())
    }
}
