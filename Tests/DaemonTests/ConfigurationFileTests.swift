import Glibc
import Jobs
import TestKit
import Testing

@testable import Daemon

@Suite("The configuration file")
struct ConfigurationFileTests {
    @Test("is the one that was named, else the spool's own")
    func path() async throws {
        try await withTemporaryDirectory { spool in
            #expect(ConfigurationFile.path(explicit: "/x/y.yaml", spool: spool) == "/x/y.yaml")
            #expect(ConfigurationFile.path(explicit: nil, spool: spool) == "\(spool)/agentspool.yaml")
        }
    }

    @Test("is the spool's own also when that is a symbolic link")
    func symbolicLink() async throws {
        try await withTemporaryDirectory { directory in
            try write("queues: {}\n", to: "\(directory)/real.yaml")
            symlink("real.yaml", "\(directory)/agentspool.yaml")
            #expect(ConfigurationFile.isThere("\(directory)/agentspool.yaml"))
            #expect(try ConfigurationFile.document(at: "\(directory)/agentspool.yaml").value == ["queues": [:]])
        }
    }

    @Test("that is missing is said to be missing, with what makes one")
    func missing() async throws {
        try await withTemporaryDirectory { directory in
            let error = try #require(throws: DocumentError.self) {
                try ConfigurationFile.load("\(directory)/none.yaml")
            }
            #expect("\(error)" == "\(directory)/none.yaml: there is no such file; agentspool init makes one")
        }
    }

    @Test("names the index from its own directory, wherever a command is started")
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
