import Documents
import Jobs

@testable import Workflow

/// Templates: the first line is the text, the rest a job's input.
enum TemplatesTarget: FuzzTarget {
    static let name = "templates"

    static func run(_ input: [UInt8]) {
        let (text, scope) = TextAndScope.read(input)
        guard let document = try? Document(Array("{}".utf8), format: .json),
            let reader = try? MemberReader(document),
            let template = try? Template(.string(text), at: ["prompt"], in: reader, steps: ["find"])
        else { return }
        guard let value = try? template.render(scope) else { return }
        if !text.contains("{{") { claimEqual(value, .string(text), "a text without references stays as it is") }
        if let reference = Template.wholeReference(text), text.contains("{{") {
            claimEqual(value, scope.value(at: reference), "a reference alone is the value itself")
        }
    }
}
