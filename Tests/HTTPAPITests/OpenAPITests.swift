import Documents
import HTTPTypes
import OrderedCollections
import Testing

@testable import HTTPAPI

@Suite("openapi.json")
struct OpenAPITests {
    private func route(_ path: String, _ name: String) -> Route {
        Route(
            method: .get,
            path: path,
            name: name,
            about: "About.",
            role: .submit,
            parameters: [JobRoutes.id],
            answers: [200: JobRoutes.json],
            problems: [409],
            handler: { _, _ in .text("") }
        )
    }

    @Test("Each route is an operation with its parameters, answers and problems")
    func operation() {
        let document = OpenAPIDocument.document(of: [route("/a/{id}/**", "one"), route("/b/{id}", "two")])
        let operation = document.value(at: ["paths", "/a/{id}/{path}", "get"])
        #expect(operation?["operationId"]?.string == "one")
        #expect(operation?["parameters"]?.array?.map { $0["name"]?.string } == ["id", "path"])
        #expect(operation?.value(at: ["responses", "409", "$ref"])?.string == "#/components/responses/Problem")
        #expect(operation?.value(at: ["responses", "200", "content", "application/json"]) != nil)
        #expect(document["paths"]?.object?.count == 2)
    }
}
