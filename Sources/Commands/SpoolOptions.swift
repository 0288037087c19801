import ArgumentParser
import Client
import Daemon
import Glibc
import Spool

/// The options of every subcommand that works on a spool.
struct SpoolOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The spool.", valueName: "dir"))
    var spool: String?

    @Option(name: .long, help: ArgumentHelp("The configuration, if not the spool's own.", valueName: "file"))
    var config: String?

    /// Absolute, so that a job's paths are right in whatever directory a tool runs.
    var path: String { Self.absolute(spool ?? Self.environment["AGENTSPOOL_SPOOL"] ?? "spool") }

    var configurationPath: String {
        ConfigurationFile.path(explicit: config.map(Self.absolute), spool: path)
    }

    /// The spool, as the use cases take it.
    ///
    /// - Throws: `SpoolError` when there is no spool.
    func client() throws(SpoolError) -> SpoolClient {
        let spool = try SpoolRoot(path: path, fileSystem: LinuxFileSystem())
        return SpoolClient(
            spool: spool,
            configurationPath: configurationPath,
            wallClock: .system,
            clock: ContinuousClock(),
            random: { UInt64.random(in: .min ... .max) },
            socket: Self.environment[APIAddress.variable].map(Self.absolute)
        )
    }

    static var environment: [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let variable = entry.pointee {
            let text = String(cString: variable)
            if let equals = text.firstIndex(of: "=") {
                variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            entry += 1
        }
        return variables
    }

    static func absolute(_ path: String) -> String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        if path.hasPrefix("/") { return path }
        guard let directory = getcwd(nil, 0) else { return path }
        defer { free(directory) }
        return "\(String(cString: directory))/\(path)"
    }
}
