import OrderedCollections
import TestKit
import Testing

@testable import Documents

@Suite("Numbers in documents")
struct NumberTests {
    @Test(
        "a number keeps every digit and its written form",
        arguments: [
            "0", "-0", "-0.0", "5", "5.0", "3.10", "0.1", "0.10", "1.0", "-2.50", "1e5", "1E5", "1e+5", "1e400",
            "1e-400",
            "12345678901234567890", "-9223372036854775809", "18446744073709551616", "9007199254740993",
            "9007199254740993.0", "0.30000000000000004", "0.300000000000000044", "123456789.123456789123456789",
            "1e999999999999999999999", "100000000000000000000000000000000000000000000",
        ]
    )
    func form(text: String) throws {
        #expect(try JSONParser.parse(text).text == text)
        #expect(try JSONParser.parse("{\"a\":[\(text)]}").text == "{\"a\":[\(text)]}")
        #expect(try Document(Array("a: \(text)\n".utf8), format: .yaml).value.text == "{\"a\":\(text)}")
    }

    @Test("a number that an integer or a double writes the same is held as one")
    func kinds() throws {
        var random = SeededRandom(seed: 5)
        for _ in 0..<1_000 {
            let value =
                random.chance(0.5)
                ? JSON.double(random.double()) : .int(Int64.random(in: .min ... .max, using: &random))
            if value.text == "-0.0" { continue }
            #expect(try JSONParser.parse(value.text) == value)
        }
    }

    @Test(
        "numbers are compared by value, however they are written",
        arguments: [
            ("1", "1.0", 0), ("1e2", "100", 0), ("0.10", "0.1", 0), ("-0", "0", 0), ("1e400", "1e399", 1),
            ("12345678901234567890", "12345678901234567891", -1), ("9007199254740993", "9007199254740992.0", 1),
            ("-1e400", "1", -1), ("-2", "-3", 1), ("0.5", "0.50001", -1), ("0", "-1e-400", 1), ("10", "9", 1),
            ("1e999999999999999999999", "1e400", 1), ("1e-999999999999999999999", "0", 1), ("0e5", "0", 0),
        ]
    )
    func worth(left: String, right: String, order: Int) throws {
        let (left, right) = try (
            #require(ExactNumber(JSONParser.parse(left))), #require(ExactNumber(JSONParser.parse(right)))
        )
        #expect((left < right ? -1 : right < left ? 1 : 0) == order)
        #expect((left == right) == (order == 0))
        #expect((left.canonical == right.canonical) == (order == 0))
    }

    @Test(
        "decimal digits decide whether a number is a multiple of another",
        arguments: [
            ("0.0075", "0.0001", true), ("0.0075", "0.001", false), ("12345678901234567890", "10", true),
            ("12345678901234567891", "10", false), ("1e400", "7", false), ("7e400", "7", true),
            ("1e999999999", "3", false),
            ("-4.5", "1.5", true), ("0", "3", true),
        ]
    )
    func multiples(number: String, divisor: String, isMultiple: Bool) throws {
        let (number, divisor) = try (
            #require(ExactNumber(JSONParser.parse(number))), #require(ExactNumber(JSONParser.parse(divisor)))
        )
        #expect(number.isMultiple(of: divisor) == isMultiple)
    }

    @Test(
        "a whole number can be read as an integer, however it is written",
        arguments: [
            ("1E3", 1_000), ("5.00", 5), ("5.10", nil), ("1e400", nil), ("-0", 0), ("-1e2", -100),
            ("9223372036854775807.0", 9_223_372_036_854_775_807), ("9223372036854775808", nil),
            ("9007199254740993.0", 9_007_199_254_740_993),
        ] as [(String, Int?)]
    )
    func integer(text: String, value: Int?) throws { #expect(try JSONParser.parse(text).int == value) }

    @Test(
        "a number has the digest that old histories hold, unless a double would change its value",
        arguments: [
            ("[3.10]", "[3.1]", true), ("[1E3]", "[1000.0]", true), ("[5e0]", "[5.0]", true), ("[-0]", "[0]", true),
            ("[12345678901234567890]", "[1.2345678901234567e+19]", false), ("[1e400]", "[null]", false),
            ("[12345678901234567890]", "[12345678901234567891]", false), ("{\"a\":3.10}", "{\"a\":3.1}", true),
        ]
    )
    func digest(now: String, before: String, isSame: Bool) throws {
        #expect(try (JSONParser.parse(now).sha256 == JSONParser.parse(before).sha256) == isSame)
    }

    @Test(
        "a printed bare word is a number only where every program writes it back unchanged",
        arguments: [
            ("42", 42), ("-7", -7), ("0", 0), (" 42\n", 42), ("0.5", 0.5), ("-1.25", -1.25),
            ("9007199254740991", 9_007_199_254_740_991),
            ("9007199254740992", nil), ("12345678901234567890", nil), ("3.10", nil), ("1.0", nil), ("007", nil),
            ("-0", nil),
            ("1e5", nil), ("1E5", nil), ("1e-07", nil), ("+1", nil), ("1_000", nil), ("0x1F", nil), ("NaN", nil),
            ("1,5", nil),
            ("true", true), ("null", .null), ("True", nil), ("yes", nil), ("", nil), ("1 2", nil), (#""x""#, "x"),
            ("[3.10]", [.number("3.10")]),
            (#"{"id":12345678901234567890}"#, ["id": .number("12345678901234567890")]), ("{a: 1}", nil),
            ("2026-11-24", nil),
        ] as [(String, JSON?)]
    )
    func printed(text: String, value: JSON?) { #expect(JSON(printed: text) == value) }
}
