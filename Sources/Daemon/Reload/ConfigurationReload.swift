import Documents
import Engine
import Jobs
import Logging
import Models
import OrderedCollections
import Spool
import Tools

/// Reads the configuration again while the daemon works, and puts it into force as a whole or not at all.
struct ConfigurationReload: Sendable {
    /// The configuration in force.
    struct ActiveConfiguration: Sendable {
        var configuration: SpoolConfiguration
        /// The digests of the files that models name, keyed by model.
        var contents: [String: String]
    }

    let path: String
    let environment: [String: String]
    let platform: Platform
    let library: WorkflowCache
    let servers: MCPServers
    let engine: JobEngine
    /// Makes the inboxes of a configuration, and returns the engine's settings for it.
    let settings: @Sendable (SpoolConfiguration) async throws -> EngineSettings
    /// Where other parts of the daemon read the configuration.
    let inForce: ConfigurationInForce
    let faces: [any DaemonFace]
    let logger: Logger

    /// Why a change of a member is refused that a daemon reads once, at its start.
    private static let fixed =
        "cannot change while the daemon runs: restart it, or take the change back; nothing of the new configuration is "
        + "in force"

    func activeConfiguration(_ configuration: SpoolConfiguration) -> ActiveConfiguration {
        var contents: [String: String] = [:]
        for model in configuration.models { contents[model.name] = model.contentsDigest(in: configuration.directory) }
        return ActiveConfiguration(configuration: configuration, contents: contents)
    }

    /// - Parameter now: The configuration in force; replaced when this returns, unchanged when it throws.
    /// - Throws: ``ReloadAnswer/Refusal``.
    func perform(_ now: inout ActiveConfiguration) async throws(ReloadAnswer.Refusal) -> ConfigurationChanges {
        var document: Document?
        do {
            let bytes = try await file.bytes(limit: ConfigurationFile.sizeMax)
            let next = activeConfiguration(try ConfigurationFile.configuration(bytes, at: path))
            document = next.configuration.document
            try await check(next.configuration, after: now.configuration)
            let changes = changes(from: now, to: next)
            let settings = try await settings(next.configuration)
            try await engine.configure(next.configuration.catalog, settings)
            await putIntoForce(next.configuration, after: now.configuration)
            now = next
            inForce.replace(by: next.configuration)
            return changes
        } catch {
            throw ReloadAnswer.Refusal(error, of: document)
        }
    }

    private var file: StableFileReader {
        StableFileReader(
            path: path,
            fileSystem: LinuxFileSystem(),
            clock: platform.clock,
            wallClock: platform.wallClock
        )
    }

    /// Checks all that a start of the daemon checks, and refuses changes that need a restart.
    private func check(_ next: SpoolConfiguration, after old: SpoolConfiguration) async throws {
        if next.index != old.index { throw next.document.error(at: ["index"], Self.fixed) }
        if next.durability != old.durability { throw next.document.error(at: ["durability"], Self.fixed) }
        for member in ["socket", "socket_mode", "listen", "tls"] where next.api.differs(from: old.api, in: member) {
            throw next.document.error(at: ["api", member], Self.fixed)
        }
        try library.check(next.catalog)
        for face in faces { try face.check(next, environment: environment) }
        // Only changed models: a key that was missing before must not block other changes.
        for model in next.models where !old.models.contains(model) {
            try await model.checkKeys(environment: environment, baseDirectory: next.directory)
        }
    }

    private func changes(from old: ActiveConfiguration, to new: ActiveConfiguration) -> ConfigurationChanges {
        let contents = new.configuration.models.map(\.name).filter { name in
            old.contents[name] != nil && new.contents[name] != nil && old.contents[name] != new.contents[name]
        }
        return ConfigurationChanges(from: old.configuration, to: new.configuration, contents: Set(contents))
    }

    private func putIntoForce(_ next: SpoolConfiguration, after old: SpoolConfiguration) async {
        library.renew(next.models)
        await servers.keep(next.servers)
        let before = old.connections(environment: environment)
        for way in next.connections(environment: environment) where !before.contains(way) { logger.notice("\(way)") }
    }
}
