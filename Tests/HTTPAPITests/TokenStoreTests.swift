import Foundation
import TestKit
import Testing

@testable import HTTPAPI

@Suite("The file of tokens")
struct TokenStoreTests {
    private let directory = FileManager.default.temporaryDirectory.appendingPathComponent("tokens-\(UUID().uuidString)")
    private let store: TokenStore

    init() throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        store = TokenStore(path: directory.appendingPathComponent("tokens").path)
    }

    private var text: String { (try? String(contentsOfFile: store.path, encoding: .utf8)) ?? "" }

    @Test("A token is known by its hash alone, beside the lines that were there, and only its owner reads the file")
    func adds() throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        try "# ours".write(toFile: store.path, atomically: true, encoding: .utf8)
        let token = try store.add("ci", .submit, queues: ["a", "b"], secret: [UInt8](repeating: 0xFB, count: 32))
        #expect(token == "ast_-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s")
        #expect(text.hasPrefix("# ours\nci submit ") && text.hasSuffix(" a,b\n"))
        #expect(!text.contains(token))
        let entry = try #require(try store.read().entry(of: token))
        #expect(entry.name == "ci" && entry.queues == ["a", "b"])
        let mode = try FileManager.default.attributesOfItem(atPath: store.path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test("A name that is taken, or is none, changes nothing")
    func refuses() throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        _ = try store.add("ci", .operate, queues: [], secret: [1])
        let before = text
        #expect(throws: (any Error).self) { try store.add("ci", .submit, queues: [], secret: [2]) }
        #expect(throws: (any Error).self) { try store.add("c i", .submit, queues: [], secret: [2]) }
        #expect(throws: (any Error).self) { try store.add("#ci", .submit, queues: [], secret: [2]) }
        #expect(text == before)
    }

    @Test("A revoked token is gone, and the other lines stay as they are")
    func revokes() throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        let first = try store.add("one", .submit, queues: [], secret: [1])
        let second = try store.add("two", .observe, queues: [], secret: [2])
        #expect(try store.revoke("one"))
        #expect(try !store.revoke("one"))
        #expect(try store.read().entry(of: first) == nil)
        #expect(try store.read().entry(of: second)?.name == "two")
    }
}
