import Documents
import Jobs
import Testing

@testable import Models

@Suite("API keys")
struct APIKeyTests {
    private func key(_ reference: KeyReference, _ environment: [String: String] = [:], _ base: String = "/") -> APIKey {
        APIKey(reference, environment: environment, baseDirectory: base)
    }

    @Test("A key is read from an environment variable")
    func environment() async throws {
        #expect(try await key(.environment("K"), ["K": "sk-1"]).value() == "sk-1")
    }

    @Test("A key is read from a file, without its line end")
    func file() async throws {
        try await withFile("sk-2\n") { path in
            let absolute = try await key(.file(path)).value()
            let relative = try await key(.file(String(path.dropFirst(5))), [:], "/tmp").value()
            #expect([absolute, relative] == ["sk-2", "sk-2"])
        }
    }

    @Test("A key is read from a systemd credential")
    func credential() async throws {
        try await withFile("sk-3") { path in
            let name = String(path.dropFirst(5))
            let value = try await key(.credential(name), ["CREDENTIALS_DIRECTORY": "/tmp"]).value()
            #expect(value == "sk-3")
        }
    }

    @Test(
        "A missing key is a permanent failure that names the reference",
        arguments: [KeyReference.environment("K"), .credential("k"), .file("/nonexistent/k")]
    )
    func missing(reference: KeyReference) async throws {
        let failure = try #require(await failure { try await key(reference).value() })
        #expect(failure.class == .permanent)
        #expect(failure.message.contains("\(reference)"))
        #expect(failure.hint != nil)
    }

    @Test("A key that a header cannot hold is refused and not shown", arguments: ["", " \n", "sk-1\r\nX: y", "sk ü"])
    func malformed(text: String) async throws {
        let failure = try #require(await failure { try await key(.environment("K"), ["K": text]).value() })
        #expect(failure.class == .permanent)
        #expect(!failure.message.contains("sk"))
    }

    @Test("A printed, described or dumped key does not show its value")
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
