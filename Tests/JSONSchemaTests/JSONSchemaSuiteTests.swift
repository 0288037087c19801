import Documents
import Foundation
import Testing

@testable import JSONSchema

/// Runs the official JSON-Schema-Test-Suite, whose files lie outside of the package.
struct JSONSchemaSuiteTests {
    static let directory =
        ProcessInfo.processInfo.environment["AGENTSPOOL_JSON_SCHEMA_SUITE"]
        ?? URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../shared/json-schema-suite")
        .standardizedFileURL.path

    static let files = [
        "additionalProperties", "allOf", "anyOf", "boolean_schema", "const", "default", "defs", "enum",
        "exclusiveMaximum", "exclusiveMinimum", "format", "infinite-loop-detection", "items", "maxItems", "maxLength",
        "maxProperties", "maximum", "minItems", "minLength", "minProperties", "minimum", "multipleOf", "not", "oneOf",
        "pattern", "prefixItems", "properties", "ref", "required", "type", "uniqueItems", "optional/bignum",
        "optional/float-overflow", "optional/non-bmp-regex",
    ]

    static var isThere: Bool { FileManager.default.fileExists(atPath: "\(directory)/draft2020-12/type.json") }

    @Test(
        "Every group of the official suite with supported keywords gives the expected verdicts",
        .enabled(if: isThere, "the suite is not there; set AGENTSPOOL_JSON_SCHEMA_SUITE to its directory"),
        arguments: files
    )
    func groups(_ name: String) throws {
        let data = try Data(contentsOf: URL(filePath: "\(Self.directory)/draft2020-12/\(name).json"))
        var (run, refused) = (0, [String]())
        for group in try JSONParser.parse(data).array ?? [] {
            let title = "\(name): \(group["description"]?.string ?? "?")"
            let schema: JSONSchema
            do throws(JSONSchemaError) {
                schema = try JSONSchema(group["schema"] ?? true)
            } catch {
                if error.kind == .unsupported {
                    refused.append("\(title) [\(error)]")
                } else {
                    Issue.record("\(title): \(error)")
                }
                continue
            }
            for test in group["tests"]?.array ?? [] {
                let errors = schema.errors(in: test["data"] ?? .null)
                let comment = "\(title): \(test["description"]?.string ?? "?"): \(errors)"
                #expect(errors.isEmpty == test["valid"]?.bool, "\(comment)")
                run += 1
            }
        }
        #expect(run > 0 || !refused.isEmpty)
        print("\(name): \(run) tests run, \(refused.count) groups refused")
        for group in refused { print("  refused: \(group)") }
    }
}
