import Documents
import Jobs

@testable import Workflow

/// An input of two parts: a line of text, and the JSON value that it refers to.
enum TextAndScope {
    static func read(_ input: [UInt8]) -> (text: String, scope: Scope) {
        let end = input.firstIndex(of: UInt8(ascii: "\n")) ?? input.count
        let value = try? JSONParser.parse(input[min(end + 1, input.count)...])
        var scope = Scope(input: value ?? ["text": "Hello", "list": [1, 2.5, "x"], "no": .null], job: ["id": "01"])
        scope.add(output: value?["found"] ?? ["kind": "refund", "amount": 12], of: "find")
        return (String(decoding: input[..<end], as: UTF8.self), scope)
    }
}
