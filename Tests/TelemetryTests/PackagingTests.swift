import Documents
import Glibc
import Jobs
import Testing

@testable import Telemetry

@Suite("The files for systemd")
struct PackagingTests {
    @Test("The catalog explains every message id, and no other")
    func catalogIsComplete() throws {
        let catalog = try Place.text("packaging/systemd/agentspool.catalog")
        let ids = catalog.split(separator: "\n").filter { $0.hasPrefix("-- ") }.map { String($0.dropFirst(3)) }
        #expect(ids.sorted() == MessageID.allCases.map(\.rawValue).sorted())
    }

    @Test("Message ids have 128 bits in lower-case hex", arguments: MessageID.allCases)
    func messageIDs(id: MessageID) {
        #expect(id.rawValue.utf8.count == 32)
        #expect(id.rawValue.allSatisfy { $0.isHexDigit && !$0.isUppercase })
        #expect("\(id)" == id.rawValue)
    }

    @Test("The catalog compiles with journalctl", .enabled(if: Place.isInstalled("journalctl")))
    func catalogCompiles() async throws {
        let root = try TemporaryDirectory()
        var path = root.path
        for name in ["var", "lib", "systemd", "catalog"] {
            path += "/" + name
            try #require(mkdir(path, 0o755) == 0)
        }
        try #require(mkdir("\(root.path)/etc", 0o755) == 0)
        path = root.path
        for name in ["usr", "lib", "systemd", "catalog"] {
            path += "/" + name
            try #require(mkdir(path, 0o755) == 0)
        }
        let catalog = try Place.text("packaging/systemd/agentspool.catalog")
        try root.write(catalog, to: "usr/lib/systemd/catalog/agentspool.catalog")
        let update = try await Command.run("/usr/bin/journalctl", ["--update-catalog", "--root=\(root.path)"])
        #expect(update.status == 0)
        #expect(update.errors == "")
        let list = try await Command.run("/usr/bin/journalctl", ["--list-catalog", "--root=\(root.path)"])
        #expect(list.output.split(separator: "\n").count == MessageID.allCases.count)
    }

    @Test("The unit passes systemd-analyze without a message", .enabled(if: Place.isInstalled("systemd-analyze")))
    func unit() async throws {
        let directory = try TemporaryDirectory()
        // The program is not installed where the tests run.
        let unit = try Place.text("packaging/systemd/agentspool.service")
            .split(separator: "/usr/bin/agentspool", omittingEmptySubsequences: false).joined(separator: "/bin/true")
        try directory.write(unit, to: "agentspool.service")
        let path = "\(directory.path)/agentspool.service"
        let verify = try await Command.run("/usr/bin/systemd-analyze", ["verify", path])
        #expect(verify.status == 0)
        #expect(verify.output + verify.errors == "")
        // The threshold is ten times the exposure that is shown.
        let security = try await Command.run(
            "/usr/bin/systemd-analyze",
            ["security", "--offline=true", "--no-pager", "--threshold=15", path]
        )
        #expect(security.status == 0, "\(security.output.split(separator: "\n").last ?? "")")
    }
}
