import Documents
import Jobs

/// Job documents, in JSON and in YAML.
enum DocumentsTarget: FuzzTarget {
    static let name = "documents"

    static func run(_ input: [UInt8]) {
        check(input, .json)
        check(input, .yaml)
    }

    private static func check(_ input: [UInt8], _ format: Document.Format) {
        let document: Document
        do throws(DocumentError) {
            document = try Document(input, format: format, name: "job")
        } catch {
            return check(error, input)
        }
        Kept.check(document.value)
        let job: JobDocument
        do throws(DocumentError) {
            job = try JobDocument(document)
        } catch {
            return check(error, input)
        }
        let written = try? Document(document.value.bytes, format: .json)
        claimEqual(written.flatMap { try? JobDocument($0) }, job, "a document asks the same when it is written as JSON")
        let start = Timestamp(milliseconds: 0)
        for moment in [job.runAfter, job.deadline] { _ = moment?.resolved(from: start).text }
    }

    private static func check(_ error: DocumentError, _ input: [UInt8]) {
        let lines = 1 + input.count { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
        claim(!"\(error)".isEmpty, "an error says something")
        // YAML has two more line breaks: U+0085 and U+2028/9.
        let others = input.count { $0 == 0x85 || $0 == 0xA8 || $0 == 0xA9 }
        claim((1...lines + others + 1).contains(error.line ?? 1), "an error names a line of the text: \(error)")
    }
}
