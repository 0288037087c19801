import TestKit
import Testing

@testable import Documents

@Suite struct DurationTests {
    @Test(
        arguments: [
            ("250ms", 250), ("90s", 90_000), ("15m", 900_000), ("2h", 7_200_000), ("7d", 604_800_000), ("0s", 0),
            ("007s", 7_000),
            ("36600d", 36_600 * 86_400_000),
        ] as [(String, Int64)]
    )
    func `durations are whole numbers with a unit`(text: String, milliseconds: Int64) {
        #expect(Duration(text: text) == .milliseconds(milliseconds))
    }

    @Test(arguments: [
        "", "5", "s", "-5s", "+5s", "1.5h", "5 s", "5S", "5w", "1h30m", "٣s", "36601d", "99999999999999999999s",
        "9223372036854775807d", "5s\n",
    ])
    func `any other text is no duration`(text: String) { #expect(Duration(text: text) == nil) }

    @Test func `a duration's text is read back as the same duration`() {
        var random = SeededRandom(seed: 3)
        for _ in 0..<1_000 {
            let unit = random.pick([1, 1_000, 60_000, 3_600_000, 86_400_000] as [Int64])
            let duration = Duration.milliseconds(Int64.random(in: 0...10_000, using: &random) * unit)
            #expect(Duration(text: duration.text) == duration)
        }
    }

    @Test(
        arguments: [
            (0, "0ms"), (350, "350ms"), (4_299, "4.2s"), (59_999, "59s"), (119_999, "119s"), (120_000, "2m"),
            (7_200_000, "2h"), (172_800_000, "2d"), (-5, "0ms"),
        ] as [(Int64, String)]
    )
    func `durations for people are short`(milliseconds: Int64, text: String) {
        #expect(Duration.milliseconds(milliseconds).roundedText == text)
    }
}
