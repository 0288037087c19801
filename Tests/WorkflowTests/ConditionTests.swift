import Documents
import Jobs
import OrderedCollections
import TestKit
import Testing

@testable import Workflow

@Suite struct ConditionTests {
    private func isTrue(_ text: String) throws -> Bool {
        let input: JSON = [
            "n": 5, "big": 9_007_199_254_740_993, "d": 0.5, "s": "refund", "yes": true, "no": false, "zero": 0,
            "empty": "", "list": [1],
            "none": .null, "nothing": [], "score": "1.0", "id": "12345678901234567890", "version": .number("3.10"),
        ]
        var scope = Scope(input: input, job: [:])
        scope.add(output: ["urgent": true], of: "a")
        return try Condition(text, steps: ["a"]).isTrue(in: scope)
    }

    @Test(arguments: [
        "true", "input.yes", "steps.a.output.urgent", "input.n", "input.s", "input.list", "input.n > 4", "input.n >= 5",
        "input.n < 5.5", "input.n <= 5", "input.n == 5", "input.n == 5.0", "input.n != 4", "input.s == \"refund\"",
        "input.s == 'refund'",
        "input.s < 'sale'", "not input.no", "!input.no", "not not input.yes", "input.missing == null",
        "input.none == null",
        "input.no or input.yes", "input.no || input.yes", "input.yes and input.n > 1 && input.d == 0.5",
        "input.yes or input.no and input.no", "(input.yes or input.no) and not input.no", "'true' == 'true'",
        "input.n>4",
        "-1 < input.zero", "input.big == 9007199254740993", "input.big > 9007199254740992", "input.s != 5",
        "not input.n == 4", "input.score >= 0.9", "input.score == 1", "0.5 < input.score",
        "input.id == 12345678901234567890",
        "input.id > 12345678901234567889", "input.version == 3.1", "input.version < 3.11", "input.version",
    ])
    func `these conditions are true`(text: String) throws { #expect(try isTrue(text)) }

    @Test(arguments: [
        "false", "null", "input.no", "input.missing", "input.missing.deeper", "input.zero", "input.empty",
        "input.nothing", "input.none",
        "input.n > 5", "input.n == '5'", "input.s > 5", "input.yes > 1", "input.yes and input.no",
        "not (input.yes or input.no)",
        "(input.yes or input.no) and input.no", "input.list > 0", "input.big == 9007199254740992", "input.missing > 1",
        "input.score > '5'", "input.id == 12345678901234567891", "input.version == '3.10'", "input.score > 1e400",
    ])
    func `these conditions are false`(text: String) throws { #expect(try !isTrue(text)) }

    @Test(arguments: [
        ("", "the condition ends too early"), ("input.n >", "the condition ends too early"),
        ("(input.n", "\")\" is missing"),
        ("input.n)", "\")\" does not belong here"), ("input.n input.s", "\"input.s\" does not belong here"),
        ("== 5", "\"==\" does not belong here"), ("input.s == 'x", "a quote is not closed"),
        ("a & b", "\"&\" does not belong here"),
        ("input.yes & input.no", "\"&\" does not belong here"), ("input.n = 5", "\"=\" does not belong here"),
        ("inptu.n", "\"inptu.n\" refers to nothing"),
        ("steps.b.output", "\"steps.b.output\" refers to no step before this one"),
        ("steps.a.urgent", "a step's output is at steps.a.output"),
        ("input..n", "\"input..n\" is neither a reference nor a value"),
        ("{{input.n}}", "\"{{input.n}}\" is neither a reference nor a value"),
    ])
    func `a text that is no condition is refused with the reason`(text: String, reason: String) throws {
        let fault = try #require(throws: Condition.Fault.self) { try isTrue(text) }
        #expect(fault.reason.contains(reason), "\(fault.reason)")
    }

    @Test(arguments: ["(", "not "])
    func `a condition nested too deep is refused`(opening: String) throws {
        let fault = try #require(throws: Condition.Fault.self) { try isTrue(String(repeating: opening, count: 50_000)) }
        #expect(fault.reason == "nested deeper than 32 levels")
    }
}
