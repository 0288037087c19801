/// A moment of the wall clock, UTC, to the millisecond.
///
/// The wall clock is for what people read and for due times. Timeouts use a monotonic `Clock`.
package struct Timestamp: Sendable, Hashable, Comparable {
    /// Since 1970-01-01T00:00:00Z, without leap seconds.
    package var milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    package static func + (time: Timestamp, duration: Duration) -> Timestamp {
        Timestamp(milliseconds: time.milliseconds + duration.wholeMilliseconds)
    }

    package static func - (left: Timestamp, right: Timestamp) -> Duration {
        .milliseconds(left.milliseconds - right.milliseconds)
    }
}

/// The wall clock, passed in so that a test can set it.
package struct WallClock: Sendable {
    private let read: @Sendable () -> Timestamp

    package init(_ read: @escaping @Sendable () -> Timestamp) { self.read = read }

    package var now: Timestamp { read() }
}

// MARK: Text

extension Timestamp {
    private struct Fields {
        var year, month, day, hour, minute, second, millisecond: Int
    }

    /// The first and the last millisecond that RFC 3339 can write: the years 0000 to 9999.
    private static let calendar: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    /// The civil date, after Howard Hinnant's `civil_from_days`; for a time outside the calendar, the calendar's
    /// nearest end.
    private var fields: Fields {
        let milliseconds = min(max(milliseconds, Self.calendar.lowerBound), Self.calendar.upperBound)
        let dayLength: Int64 = 86_400_000
        let days = (milliseconds - (milliseconds < 0 ? dayLength - 1 : 0)) / dayLength
        let rest = Int(milliseconds - days * dayLength)
        let shifted = Int(days) + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return Fields(
            year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
            month: month,
            day: dayOfYear - (153 * monthFromMarch + 2) / 5 + 1,
            hour: rest / 3_600_000,
            minute: rest / 60_000 % 60,
            second: rest / 1_000 % 60,
            millisecond: rest % 1_000
        )
    }

    private init?(_ fields: Fields) {
        let isLeap = fields.year % 4 == 0 && (fields.year % 100 != 0 || fields.year % 400 == 0)
        let monthLengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (0...9999).contains(fields.year), (1...12).contains(fields.month),
            (1...monthLengths[fields.month - 1]).contains(fields.day),
            (0...23).contains(fields.hour), (0...59).contains(fields.minute), (0...60).contains(fields.second)
        else { return nil }
        let year = fields.month <= 2 ? fields.year - 1 : fields.year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (fields.month + (fields.month > 2 ? -3 : 9)) + 2) / 5 + fields.day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        let seconds = ((days * 24 + fields.hour) * 60 + fields.minute) * 60 + fields.second
        milliseconds = Int64(seconds) * 1_000 + Int64(fields.millisecond)
    }

    /// RFC 3339 with milliseconds: `2026-11-24T02:00:00.000Z`.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    package var bytes: [UInt8] {
        let fields = fields
        var bytes: [UInt8] = []
        bytes.reserveCapacity(24)
        func put(_ value: Int, _ width: Int, _ after: UnicodeScalar) {
            var divisor = 1
            for _ in 1..<width { divisor *= 10 }
            while divisor > 0 {
                bytes.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
                divisor /= 10
            }
            bytes.append(UInt8(ascii: after))
        }
        put(fields.year, 4, "-")
        put(fields.month, 2, "-")
        put(fields.day, 2, "T")
        put(fields.hour, 2, ":")
        put(fields.minute, 2, ":")
        put(fields.second, 2, ".")
        put(fields.millisecond, 3, "Z")
        return bytes
    }

    /// The form of names in `deferred/`: `20261124T020000Z`. Rounded up, so that nothing is due too early.
    package var compactText: String {
        let rounded = Timestamp(milliseconds: (milliseconds + 999) / 1_000 * 1_000)
        return String(decoding: rounded.bytes.prefix(19).filter { $0 != 0x2D && $0 != 0x3A } + [0x5A], as: UTF8.self)
    }

    /// The day, for directory names: `2026-11-24`.
    package var day: String { String(decoding: bytes.prefix(10), as: UTF8.self) }

    /// Reads the form of ``compactText``.
    package init?(compactText text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 16, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z"),
            (bytes[..<8] + bytes[9..<15]).allSatisfy({ (0x30...0x39).contains($0) }),
            let date = Int(String(decoding: bytes[..<8], as: UTF8.self)),
            let time = Int(String(decoding: bytes[9..<15], as: UTF8.self))
        else { return nil }
        self.init(
            Fields(
                year: date / 10_000,
                month: date / 100 % 100,
                day: date % 100,
                hour: time / 10_000,
                minute: time / 100 % 100,
                second: time % 100,
                millisecond: 0
            )
        )
    }

    /// Reads an RFC 3339 time with any offset; a fraction is cut to milliseconds.
    package init?(text: String) {
        var bytes = Array(text.utf8)[...]
        func take(_ width: Int, _ after: UnicodeScalar? = nil) -> Int? {
            let digits = bytes.prefix(width)
            guard digits.count == width, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            bytes = bytes.dropFirst(width)
            if let after {
                // `t` and `z` may be in lower case (RFC 3339, 5.6).
                guard let byte = bytes.popFirst(),
                    byte == UInt8(ascii: after) || after == "T" && byte == UInt8(ascii: "t")
                else { return nil }
            }
            return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }
        guard let year = take(4, "-"), let month = take(2, "-"), let day = take(2, "T"),
            let hour = take(2, ":"), let minute = take(2, ":"), let second = take(2)
        else { return nil }
        var millisecond = 0
        if bytes.first == UInt8(ascii: ".") {
            let digits = bytes.dropFirst().prefix { (0x30...0x39).contains($0) }
            if digits.isEmpty { return nil }
            millisecond = (digits.prefix(3) + [0x30, 0x30]).prefix(3).reduce(0) { $0 * 10 + Int($1 - 0x30) }
            bytes = bytes[digits.endIndex...]
        }
        var offsetMinutes = 0
        switch bytes.popFirst() {
        case UInt8(ascii: "Z"), UInt8(ascii: "z"): break
        case let sign? where sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"):
            guard let hours = take(2, ":"), let minutes = take(2), hours < 24, minutes < 60 else { return nil }
            offsetMinutes = (hours * 60 + minutes) * (sign == UInt8(ascii: "-") ? -1 : 1)
        default: return nil
        }
        guard bytes.isEmpty,
            let local = Timestamp(
                Fields(
                    year: year,
                    month: month,
                    day: day,
                    hour: hour,
                    minute: minute,
                    second: second,
                    millisecond: millisecond
                )
            )
        else { return nil }
        self.init(milliseconds: local.milliseconds - Int64(offsetMinutes) * 60_000)
        if !Self.calendar.contains(milliseconds) { return nil }
    }
}
