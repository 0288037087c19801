import TestKit
import Testing

@testable import Documents

@Suite struct TimestampTests {
    /// The first and the last millisecond that RFC 3339 can write.
    private let range: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    @Test func `a time's text is read back as the same time, from year 0 to 9999`() {
        var random = SeededRandom(seed: 4)
        let times =
            [range.lowerBound, range.upperBound, 0, -1, 1]
            + (0..<20_000).map { _ in Int64.random(in: range, using: &random) }
        for milliseconds in times {
            let time = Timestamp(milliseconds: milliseconds)
            #expect(Timestamp(text: time.text) == time, "\(milliseconds)")
        }
    }

    @Test func `later times have later texts`() {
        var random = SeededRandom(seed: 5)
        for _ in 0..<2_000 {
            let left = Timestamp(milliseconds: Int64.random(in: range, using: &random))
            let right = Timestamp(milliseconds: Int64.random(in: range, using: &random))
            #expect((left < right) == (left.text < right.text))
        }
    }

    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-11-24T02:00:00.000Z", 1_795_485_600_000),
            ("2026-11-24T04:30:00+02:30", 1_795_485_600_000), ("2026-11-23T18:00:00-08:00", 1_795_485_600_000),
            ("2026-11-24t02:00:00.5z", 1_795_485_600_500), ("2026-11-24T02:00:00.123999Z", 1_795_485_600_123),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000), ("2000-02-29T00:00:00Z", 951_782_400_000),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000), ("1969-12-31T23:59:59.999Z", -1),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000), ("0000-02-29T00:00:00Z", -62_162_121_600_000),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ] as [(String, Int64)]
    )
    func `RFC 3339 times are read, with any offset`(text: String, milliseconds: Int64) {
        #expect(Timestamp(text: text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "", "2026-11-24", "2026-11-24T02:00Z", "2026-11-24T02:00:00", "2026-11-24T02:00:00.Z", "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-04-31T00:00:00Z", "2025-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z", "2026-11-24T24:00:00Z", "2026-11-24T02:60:00Z", "2026-11-24T02:00:61Z",
        "2026-11-24T02:00:00+24:00", "2026-11-24T02:00:00+02:60", "2026-11-24T02:00:00+0200", "2026-11-24T02:00:00Z ",
        "2026-11-24 02:00:00Z", "+026-11-24T02:00:00Z", "2026\r11-24T02:00:00Z", "2026-11-24T02\u{1A}00:00Z",
        "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "٢٠٢٦-11-24T02:00:00Z",
    ])
    func `a text that is no RFC 3339 time is refused`(text: String) { #expect(Timestamp(text: text) == nil) }

    @Test func `the time in a name is rounded up to the second, so that nothing is due too early`() throws {
        var random = SeededRandom(seed: 6)
        for _ in 0..<5_000 {
            let time = Timestamp(milliseconds: Int64.random(in: 0...4_000_000_000_000, using: &random))
            let read = try #require(Timestamp(compactText: time.compactText))
            #expect(read >= time)
            #expect(read - time < .seconds(1))
            #expect(read.compactText == time.compactText)
        }
        #expect(Timestamp(milliseconds: 1_795_485_600_000).compactText == "20261124T020000Z")
        #expect(Timestamp(milliseconds: 1_795_485_600_001).compactText == "20261124T020001Z")
        #expect(Timestamp(milliseconds: 1_795_564_799_001).compactText == "20261125T000000Z")
    }

    @Test func `the last second of the calendar has a name that does not wrap to the beginning`() {
        #expect(Timestamp(milliseconds: range.upperBound).compactText == "99991231T235959Z")
    }

    @Test func `a time outside the calendar has the text of the calendar's nearest end`() {
        #expect(Timestamp(milliseconds: range.lowerBound - 1).text == "0000-01-01T00:00:00.000Z")
        #expect(Timestamp(milliseconds: range.upperBound + 1).text == "9999-12-31T23:59:59.999Z")
    }

    @Test(arguments: [
        "", "20261124T020000", "20261124t020000Z", "20261324T020000Z", "20260229T020000Z", "+0261124T020000Z",
        "20261124T+20000Z", "20261124T-00000Z", "20261124T240000Z", "20261124T020000Z.", "2026112٤T020000Z",
    ])
    func `a name that holds no such time is refused`(text: String) { #expect(Timestamp(compactText: text) == nil) }

    @Test func `a day is the first ten characters of the time`() {
        #expect(Timestamp(milliseconds: 1_795_485_600_000).day == "2026-11-24")
    }
}
