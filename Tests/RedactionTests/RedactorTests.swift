import Documents
import OrderedCollections
import Testing

@testable import Redaction

@Suite struct RedactorTests {
    private let redactor = Redactor()

    /// Put into keys at run time; no real key has it.
    private static let letters = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"

    private static let keys = [
        "sk-\(letters)", "sk-ant-api03-\(letters)", "sk_live_\(letters)", "AKIA0123456789ABCDEF", "ghp_\(letters)",
        "github_pat_\(letters)", "xoxb-123456789012-\(letters)", "AIza\(letters)", "glpat-\(letters).01.abc",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.\(letters)",
    ]

    @Test(arguments: keys)
    func `a provider's key goes wherever it stands, whole, and nothing beside it`(key: String) {
        for (before, after) in [("", ""), ("bad key ", " was refused"), (#"a\n"#, "\n"), ("(", ")"), ("%20", ",")] {
            #expect(redactor.redact(before + key + after) == before + "[redacted]" + after)
        }
    }

    @Test(arguments: keys)
    func `a key that was cut goes by its beginning`(key: String) {
        for length in [14, 18, key.count - 1] where !key.hasPrefix("eyJ") && !key.hasPrefix("github") {
            let text = redactor.redact("it said \(key.prefix(length))…")
            #expect(text == "it said [redacted]…", "\(key.prefix(length))")
        }
    }

    @Test(arguments: [
        ("Authorization: Bearer abc.def", "Authorization: [redacted]"),
        ("authorization: Basic dTpw\nHost: a", "authorization: [redacted]\nHost: a"),
        ("curl -H 'Authorization: Token x y' http://a", "curl -H 'Authorization: [redacted]' http://a"),
        (#"{"Authorization":"Bearer abc"}"#, #"{"Authorization":"[redacted]"}"#),
        ("it sent bearer s3cr3t-token today", "it sent bearer [redacted] today"),
        ("a bearer token is missing", "a bearer token is missing"),
        ("password=hunter2", "password=[redacted]"), ("PGPASSWORD=hunter2 psql", "PGPASSWORD=[redacted] psql"),
        ("api_key = abc, then", "api_key = [redacted] then"), ("x-api-key: abc", "x-api-key: [redacted]"),
        ("?access_token=abc&page=2", "?access_token=[redacted]&page=2"), ("token: abc", "token: [redacted]"),
        (#"{"password": "a \" b", "user": "u"}"#, #"{"password": "[redacted]", "user": "u"}"#),
        (#"{\"clientSecret\":\"abc\",\"user\":\"u\"}"#, #"{\"clientSecret\":\"[redacted]\",\"user\":\"u\"}"#),
        ("{'passwd': 'abc'}", "{'passwd': '[redacted]'}"), (#"password="cut in the middle"#, #"password="[redacted]"#),
        ("mysql --password hunter2 -u root", "mysql --password [redacted] -u root"),
        ("input_tokens: 345", "input_tokens: 345"), ("password:\nnext", "password:\nnext"),
        ("postgres://app:p4ss@db:5432/x?a=b", "postgres://[redacted]@db:5432/x?a=b"),
        ("http://host:80/a@b", "http://host:80/a@b"), ("ssh://git@host/x", "ssh://git@host/x"),
        ("card 4111 1111 1111 1111.", "card [redacted]."), ("4111-1111-1111-1111", "[redacted]"),
        ("12 4111111111111111", "12 [redacted]"), ("378282246310005", "[redacted]"),
        ("4111 1111 1111 1112", "4111 1111 1111 1112"), ("41111111…", "[redacted]…"),
        ("nothing to hide: step ask, attempt 3", "nothing to hide: step ask, attempt 3"),
    ])
    func `tokens, passwords and card numbers go, and what only looks like them stays`(text: String, redacted: String) {
        #expect(redactor.redact(text) == redacted)
        #expect(redactor.redact(redacted) == redacted)
    }

    @Test func `a private key goes whole, and when an end of it was cut`() {
        let (begin, end) = ("-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----")
        let body = "\nMIIEowIBAAKCAQEA7\nq9fZ+/Zm=\n"
        #expect(redactor.redact("key: \(begin)\(body)\(end) end") == "key: [redacted] end")
        #expect(redactor.redact("private_key: \(begin)\(body)\(end)\nend") == "private_key: [redacted]\nend")
        #expect(redactor.redact("key: \(begin)\(body)") == "key: [redacted]")
        #expect(redactor.redact("key:\(body)\(end) end") == "key:[redacted] end")
        let certificate = "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----"
        #expect(redactor.redact(certificate) == certificate)
    }

    @Test(
        "A hostile text is redacted in time; quadratic work would take hours",
        .timeLimit(.minutes(5)),
        arguments: [
            "eyJ", "-eyJ-", "sk-", "a", "1 ", "password=", "token: ", "://a:", "-----BEGIN ",
            "-----END PRIVATE KEY-----",
            "bearer ", "\"", "\\", "password=\"", "Authorization",
        ]
    )
    func hostile(part: String) throws {
        let redactor = try redactor("redact: [{pattern: 'x[a-z]*y'}, {path: input.card}]")
            .hiding(valuesOf: ["card": "sk-sk-sk-"], root: .input)
        let text = String(repeating: part, count: (1 << 17) / part.utf8.count)
        #expect(!redactor.redact(text).contains("sk-sk-sk-"))
    }

    // MARK: Rules

    private func redactor(_ yaml: String) throws -> Redactor {
        let reader = try MemberReader(Document(Array(yaml.utf8), format: .yaml, name: "a.yaml"))
        return Redactor(rules: try RedactionRule.rules("redact", reader))
    }

    @Test func `a configured pattern is hidden everywhere, also across pieces of a long text`() throws {
        let redactor = try redactor("redact: [{pattern: 'ORD-[0-9]{6}'}]")
        #expect(redactor.redact("é ORD-123456, ORD-12") == "é [redacted], ORD-12")
        for offset in stride(from: 3_560, through: 4_120, by: 7) {
            let text = String(repeating: "é", count: offset / 2) + "ORD-123456" + String(repeating: "-", count: 5_000)
            #expect(!redactor.redact(text).contains("123456"), "at \(offset)")
        }
        #expect(redactor.redact(["ORD-123456": "ORD-123456"], root: .output) == ["[redacted]": "[redacted]"])
    }

    @Test func `path rules mask what stands at the path`() throws {
        let redactor = try redactor("redact: [{path: input.card}, {path: arguments.*.secret}, {path: output.0}]")
        #expect(redactor.redact(["card": ["n": 1], "b": 2], root: .input) == ["card": "[redacted]", "b": 2])
        #expect(redactor.redact(["card": 1], root: .arguments) == ["card": 1])
        let arguments: JSON = ["a": ["secret": 1, "b": 2], "list": ["x"], "secret": "shown by no rule but its name"]
        #expect(
            redactor.redact(arguments, root: .arguments)
                == ["a": ["secret": "[redacted]", "b": 2], "list": ["x"], "secret": "[redacted]"]
        )
        #expect(redactor.redact(["first", "second"], root: .output) == ["[redacted]", "second"])
    }

    @Test func `values of a job's input are hidden in its texts, short ones where they are the whole`() throws {
        let redactor = try redactor("redact: [{path: input.card}, {path: input.people.*.name}]")
            .hiding(
                valuesOf: ["card": "123-abc", "people": [["name": "Al"], ["name": "Alice"], ["name": "Alice B"]]],
                root: .input
            )
        #expect(redactor.redact("123-abc of Alice Brown and Al") == "[redacted] of [redacted]rown and Al")
        #expect(redactor.redact("Al") == "[redacted]")
        #expect(redactor.redact("it was 123-a…") == "it was [redacted]…")
        #expect(redactor.redact(["who": "Al", "n": 5], root: .output) == ["who": "[redacted]", "n": 5])
        #expect(redactor.redact("Alic") == "Alic")
    }

    @Test func `a summary is one redacted line of at most 200 characters, of a value of any size`() {
        let key = "sk-\(Self.letters)"
        let value: JSON = ["n": 4_111_111_111_111_111, "token": "abc", "text": .string("a\nb \(key)"), "ok": true]
        #expect(
            redactor.summary(of: value, root: .arguments)
                == #"{"n":"[redacted]","token":"[redacted]","text":"a\nb [redacted]","ok":true}"#
        )
        #expect(redactor.summary(of: .string("a\nb"), root: .output) == "a b")
        let long = JSON.array(Array(repeating: .string(String(repeating: "é", count: 9_000)), count: 1_000))
        let summary = redactor.summary(of: long, root: .output)
        #expect(summary.count == 200 && summary.hasSuffix("…"))
    }
}
