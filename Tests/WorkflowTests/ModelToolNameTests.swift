import Documents
import Testing

@testable import Workflow

@Suite struct ModelToolNameTests {
    @Test(arguments: [
        ("find_order", "find_order"), ("time.get_current_time", "time__get_current_time"), ("a-b.c.d", "a-b__c_d"),
    ])
    func `a name for models has only characters that providers allow, and leads back`(tool: String, told: String) {
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

    @Test(arguments: [
        "find_order", "functions.find_order", "functions:find_order", "default_api:find_order",
        "default_api.find_order",
        "Find_Order", " find_order ", "find_order()", "find-order", "find order", "`find_order`",
        "functions.find_order:0",
        "find_order<|channel|>commentary", "tools.find_order",
    ])
    func `what models put around a name is ignored`(name: String) {
        #expect(ModelToolName.tool(name, amongst: ["other", "find_order"]) == "find_order")
    }

    @Test(arguments: ["find", "find_order_2", "", "functions.", "order"])
    func `a name that could be another tool's matches no tool`(name: String) {
        #expect(ModelToolName.tool(name, amongst: ["other", "find_order"]) == nil)
    }

    @Test func `a name that fits two tools matches none, and an exact name wins`() {
        #expect(ModelToolName.tool("FIND", amongst: ["find", "Find"]) == nil)
        #expect(ModelToolName.tool("Find", amongst: ["find", "Find"]) == "Find")
    }

    @Test func `a server's tool is known without its server where no other has that name`() {
        #expect(ModelToolName.tool("now", amongst: ["time.now", "put"]) == "time.now")
        #expect(ModelToolName.tool("now", amongst: ["time.now", "clock.now"]) == nil)
        #expect(ModelToolName.tool("now", amongst: ["time.now", "now"]) == "now")
    }

    @Test(arguments: ["a/b", "größe", "7zip", "time.a/b"])
    func `a name for models is legal everywhere`(tool: String) {
        let told = ModelToolName.text(of: tool)
        #expect(told.allSatisfy { ($0.isLetter || $0.isNumber) && $0.isASCII || "_-".contains($0) })
        #expect(told.first?.isNumber == false)
    }
}
