import Jobs
import Testing

@testable import Models

@Suite("Keys")
struct APIKeyTests {
    private func key(_ reference: KeyReference, _ environment: [String: String] = [:], _ base: String = "/") -> APIKey {
        APIKey(reference, environment: environment, baseDirectory: base)
    }

    @Test("a key comes from the environment")
    func environment() async throws {
        #expect(try await key(.environment("K"), ["K": "sk-1"]).value() == "sk-1")
    }

    @Test("a key comes from a file, without the line end")
    func file() async throws {
        try await withFile("sk-2\n") { path in
            let absolute = try await key(.file(path)).value()
            let relative = try await key(.file(String(path.dropFirst(5))), [:], "/tmp").value()
            #expect([absolute, relative] == ["sk-2", "sk-2"])
        }
    }

    @Test("a key comes from systemd's credentials")
    func credential() async throws {
        try await withFile("sk-3") { path in
            let name = String(path.dropFirst(5))
            let value = try await key(.credential(name), ["CREDENTIALS_DIRECTORY": "/tmp"]).value()
            #expect(value == "sk-3")
        }
    }

    @Test(
        "a key that is not there is a permanent failure that names the reference",
        arguments: [KeyReference.environment("K"), .credential("k"), .file("/nonexistent/k")]
    )
    func missing(reference: KeyReference) async throws {
        let failure = try #require(await failure { try await key(reference).value() })
        #expect(failure.class == .permanent)
        #expect(failure.message.contains("\(reference)"))
        #expect(failure.hint != nil)
    }

    @Test("what cannot stand in a header is no key, and is not shown", arguments: ["", " \n", "sk-1\r\nX: y", "sk ü"])
    func malformed(text: String) async throws {
        let failure = try #require(await failure { try await key(.environment("K"), ["K": text]).value() })
        #expect(failure.class == .permanent)
        #expect(!failure.message.contains("sk"))
    }

    @Test("nothing that prints a key shows it")
    func descriptions() {
        let key = key(.environment("K"), ["K": "sk-secret-1"])
        var dumped = ""
        dump(key, to: &dumped)
        for text in ["\(key)", String(reflecting: key), dumped] {
            #expect(!text.contains("sk-secret-1"))
            #expect(text.contains("K"))
        }
    }
}
