import Documents
import Jobs
import Redaction

@testable import Tools

/// Redaction: people see no secret of a text or a value.
enum RedactionTarget: FuzzTarget {
    static let name = "redaction"

    private static let secret = "hV7qZ2mXw9Lr4TbN"
    private static let paths = ["input.card", "input.*.key", "input.0"]

    static func run(_ input: [UInt8]) {
        let text = String(decoding: input, as: UTF8.self)
        let rules = paths.compactMap { try? RedactionPath($0) }.map(RedactionRule.path)
        let redactor = Redactor(rules: rules)
        if !text.contains(secret) {
            for line in ["API_KEY=\(secret)", "key sk-\(secret)\(secret)", "https://me:\(secret)@example.org/"] {
                claim(!redactor.redact("\(text)\n\(line)").contains(secret), "a secret is hidden after any text")
            }
            claim(!redactor.redact("API_KEY=\(secret)\n\(text)").contains(secret), "a secret is hidden before any text")
        }
        guard let value = try? JSONParser.parse(input) else { return }
        let hiding = redactor.hiding(valuesOf: value, root: .input)
        claim(hiding.summary(of: value, root: .input).count <= Redactor.summaryMax, "a summary is short")
        Kept.check(hiding.redact(value, root: .input))
        if let card = value["card"]?.string, card.utf8.count >= RedactionValues.partMin, card != Redactor.mask {
            claim(
                !hiding.redact("The card is \(card), he says.").contains("is \(card),"),
                "a value that is named is hidden"
            )
        }
    }
}
