import Testing

@testable import HTTPAPI

@Suite struct TokenTableTests {
    @Test("A token is found by its hash, and another one is not") func find() throws {
        let hash = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"  // of "secret"
        let table = try TokenTable("# tokens\n\nci submit,observe \(hash) tickets,mail\n")
        let entry = try #require(table.entry(of: "secret"))
        #expect(entry.name == "ci")
        #expect(entry.role == .observe)
        #expect(entry.queues == ["tickets", "mail"])
        #expect(table.entry(of: "Secret") == nil)
    }

    @Test(
        "A line that is wrong is refused with its number",
        arguments: [
            "ci", "ci submit", "ci nothing \(String(repeating: "a", count: 64))", "ci submit abc",
            "c/i submit \(String(repeating: "a", count: 64))", "ci , \(String(repeating: "a", count: 64))",
        ]
    )
    func faults(line: String) {
        let fault = #expect(throws: TokenTable.Fault.self) { try TokenTable("\n\(line)") }
        #expect(fault?.line == 2)
    }
}
