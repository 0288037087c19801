import Documents
import Jobs
import SystemPackage

/// A result file in a job's directory: it is written under a temporary name and renamed once it is complete.
package struct JobFile: Sendable {
    private let name: String
    private let job: OwnedJob
    private let node: SpoolNode
    private let file: OpenFile

    /// - Throws: ``SpoolError``.
    package init(_ name: String, in job: OwnedJob, of node: SpoolNode) async throws {
        (self.name, self.job, self.node) = (name, job, node)
        file = try await node.withFiles(of: job) { files in
            try await node.run {
                try doing("writing \(name) of \(job.name)") { () throws(Errno) in
                    try node.fileSystem.open(Self.aside(name), in: files.directory, .replace)
                }
            }
        }
    }

    private static func aside(_ name: String) -> String { ".\(name).new" }

    /// - Throws: ``SpoolError``.
    package func append(_ bytes: [UInt8]) async throws {
        try await run { () throws(Errno) in try node.fileSystem.writeAll(bytes, to: file) }
    }

    /// Renames it to its name, in place of a file that may have it; durable when this returns.
    ///
    /// - Throws: ``SpoolError``, ``SyncFailure``.
    package func finish() async throws {
        try await node.durability.sync(files: [file])
        try await node.withFiles(of: job) { files in
            try await run { () throws(Errno) in
                try node.fileSystem.rename(Self.aside(name), in: files.directory, to: name, in: files.directory)
            }
            try await node.durability.sync(directories: [files.directory])
        }
    }

    /// Removes it, and a file that may already have its name.
    ///
    /// - Throws: ``SpoolError``, ``SyncFailure``.
    package func discard() async throws {
        try await node.withFiles(of: job) { files in
            try await run { () throws(Errno) in
                try node.fileSystem.removeIfPresent(Self.aside(name), in: files.directory)
                try node.fileSystem.removeIfPresent(name, in: files.directory)
            }
            try await node.durability.sync(directories: [files.directory])
        }
    }

    private func run(_ body: @escaping @Sendable () throws(Errno) -> Void) async throws {
        try await node.run { try doing("writing \(name) of \(job.name)", body) }
    }
}
