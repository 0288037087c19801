import Documents
import Jobs
import Testing

@Suite struct JobDocumentMeantTests {
    @Test(arguments: [
        ("input: {text: hello}\npriority: 7\n", true), ("input: {text: hello}\n", true), ("input: [1, 2]\n", true),
        ("workflow: triage\ninput: hello\n", true), ("workflow: triage\nlabels: {a: b}\n", true),
        ("input: {text: hello}\nprioritty: 7\n", true), ("input: hello\nidempotency_key: k\n", true),
        ("input: foo\n", false), ("workflow: explain it to me\n", false), ("input: foo\noutput: bar\n", false),
        ("priority: 7\n", false), ("just: text\n", false), ("hello", false), ("- input: {}\n", false),
        ("input: {a: 1}\none: 1\ntwo: 2\n", false),
    ]) func `the members of a text tell a job document from prose`(text: String, isMeant: Bool) throws {
        #expect(JobDocument.isMeant(try Document(Array(text.utf8), format: .yaml).value) == isMeant)
    }
}
