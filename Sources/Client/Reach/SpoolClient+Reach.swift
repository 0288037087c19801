import Spool
import SystemPackage

extension SpoolClient {
    /// The way over the daemon's socket, for a user who may not read the job directories; nil where the files can be read.
    ///
    /// - Throws: ``ClientError`` (unavailable) when the files cannot be read and there is no socket.
    package func remote() throws(ClientError) -> RemoteJobs? {
        // Inside the daemon, which reads everything.
        if sharedIndex != nil || canReadJobs { return nil }
        let path = try APIAddress.socket(of: spool, configuration: configurationPath, override: socketOverride)
        return RemoteJobs(api: APIConnection(path: path), client: self)
    }

    private var canReadJobs: Bool {
        do throws(Errno) {
            _ = try spool.fileSystem.open(SpoolLayout.processing, in: spool.root, .directory)
            return true
        } catch {
            // Any other fault is told by what reads the files.
            return error != .permissionDenied
        }
    }
}
