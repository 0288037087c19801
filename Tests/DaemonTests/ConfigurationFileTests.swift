import Documents
import Glibc
import Jobs
import TestKit
import Testing

@testable import Daemon

@Suite("The configuration file")
struct ConfigurationFileTests {
    @Test("The configuration file is the named one, else the spool's own")
    func path() async throws {
        try await withTemporaryDirectory { spool in
            #expect(ConfigurationFile.path(explicit: "/x/y.yaml", spool: spool) == "/x/y.yaml")
            #expect(ConfigurationFile.path(explicit: nil, spool: spool) == "\(spool)/agentspool.yaml")
        }
    }

    @Test("The spool's own configuration file may be a symbolic link")
    func symbolicLink() async throws {
        try await withTemporaryDirectory { directory in
            try write("queues: {}\n", to: "\(directory)/real.yaml")
            symlink("real.yaml", "\(directory)/agentspool.yaml")
            #expect(ConfigurationFile.isThere("\(directory)/agentspool.yaml"))
            #expect(try ConfigurationFile.document(at: "\(directory)/agentspool.yaml").value == ["queues": [:]])
        }
    }

    @Test("A missing configuration file is reported with the command that makes one")
    func missing() async throws {
        try await withTemporaryDirectory { directory in
            let error = try #require(throws: DocumentError.self) {
                try ConfigurationFile.load("\(directory)/none.yaml")
            }
            #expect("\(error)" == "\(directory)/none.yaml: there is no such file; agentspool init makes one")
        }
    }

    @Test("A relative path of the index begins at the configuration's directory")
    func index() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/agentspool.yaml"
            #expect(ConfigurationFile.indexPath(configuration: path, spool: "/s") == "/s/index.sqlite")
            try write("index: var/index.sqlite\nqueues: {a: {workflow: none}}\n", to: path)
            #expect(ConfigurationFile.indexPath(configuration: path, spool: "/s") == "\(directory)/var/index.sqlite")
            try write("index: /var/lib/index.sqlite\n", to: path)
            #expect(ConfigurationFile.indexPath(configuration: path, spool: "/s") == "/var/lib/index.sqlite")
        }
    }
}
