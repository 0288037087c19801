import Testing

@testable import Workflow

@Suite struct ModelToolNameTests {
    @Test(arguments: [
        ("find_order", "find_order"), ("time.get_current_time", "time__get_current_time"), ("a-b.c.d", "a-b__c_d"),
    ])
    func `a name for models has only what providers allow, and leads back`(tool: String, told: String) {
        #expect(ModelToolName.text(of: tool) == told)
        #expect(ModelToolName.tool(told, amongst: ["other", tool]) == tool)
        #expect(ModelToolName.tool(told, amongst: ["other"]) == nil)
    }

    @Test func `a long name is cut to what providers allow`() {
        let tool = "time.\(String(repeating: "x", count: 128))"
        let told = ModelToolName.text(of: tool)
        #expect(told.count == 64)
        #expect(ModelToolName.tool(told, amongst: [tool]) == tool)
    }
}
