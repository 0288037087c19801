import Documents
import Jobs
import OrderedCollections
import Testing

@testable import Tools

@Suite("Data that an MCP server sends")
struct MCPDataTests {
    @Test(
        "Data of an MCP server is decoded from Base64, and anything else is refused",
        arguments: [
            ("aGVsbG8=", Array("hello".utf8)), ("aGVsbG8", Array("hello".utf8)), ("", []),
            ("AAAA\nAAAA", [0, 0, 0, 0, 0, 0]),
            ("-_8=", [251, 255]), ("+/8=", [251, 255]), ("a b", nil), ("ä", nil),
        ] as [(String, [UInt8]?)]
    )
    func bytes(text: String, expected: [UInt8]?) { #expect(MCPData(base64: text, mimeType: nil).bytes == expected) }

    @Test("Data of an MCP server is kept in a file, and the result names the file or why there is none")
    func kept() throws {
        let result = MCPToolResult(json: ["content": [["type": "image", "data": "aGVsbG8=", "mimeType": "image/png"]]])
        let failure = MCPFailure(tool: "t", server: "s", effect: .read)
        let output = try result.output(failure) { data in "artifacts/a.\(data.fileEnding)" }
        #expect(
            output == [
                ["type": "image", "mimeType": "image/png", "left_out": "image/png, 5 bytes", "file": "artifacts/a.png"]
            ]
        )
        let lost = try result.output(failure) { _ throws(Failure) in throw Failure(.temporary, "no space") }
        #expect(lost.array?.first?["not_kept"] == "no space")
    }
}
