import Documents
import Testing

@testable import Client

@Suite("What standard input holds")
struct SubmittedKindTests {
    @Test(
        "Standard input is recognized by its members",
        arguments: [
            ("a document", "input: {text: hi}\npriority: 7\n", SubmittedKind.yaml),
            ("a document as Windows writes it", "input: {text: hi}\r\npriority: 7\r\n", .yaml),
            ("one with a misspelled member, which is refused", "input: {text: hi}\npriorty: 7\n", .yaml),
            ("a document in JSON", "{\"input\": \"hi\"}", .json),
            ("one over many lines", "\n{\n  \"workflow\": \"w\",\n  \"input\": {}\n}\n", .json),
            ("YAML that begins with a brace", "{input: {text: hi}, priority: 7}", .yaml),
            ("requests", "{\"custom_id\":\"a\",\"body\":{}}\n{\"custom_id\":\"b\",\"body\":{}}\n", .jsonl),
            ("one request", "{\"custom_id\":\"a\",\"params\":{}}\n", .jsonl),
            ("an array of requests", "[{\"custom_id\":\"a\",\"body\":{}}]", .jsonl),
            ("prose", "Write a haiku about rename(2)\n", .text),
            ("prose with a colon", "input: foo\n", .text),
            ("an example", "input: foo\noutput: bar\n", .text),
            ("JSON that is the prompt", "{\"question\": \"why?\"}", .text),
            ("lines that are no requests", "{\"text\":\"a\"}\n{\"text\":\"b\"}\n", .text),
            ("nothing", "", .text),
        ]
    )
    func kinds(name: String, text: String, kind: SubmittedKind) {
        #expect(SubmittedKind(recognizing: Array(text.utf8)) == kind)
        let utf16 = "\u{FEFF}\(text)".utf16.flatMap { unit -> [UInt8] in [UInt8(unit & 0xFF), UInt8(unit >> 8)] }
        #expect(SubmittedKind(recognizing: utf16) == kind)
    }
}
