import Client
import Documents
import Glibc
import Spool
import SystemPackage

/// A file that is named on the command line; `-` is standard input.
enum InputFile {
    /// The name and the contents.
    ///
    /// - Throws: `ClientError` (no input).
    static func read(_ path: String) throws -> SubmittedInput {
        let fileSystem = LinuxFileSystem()
        do throws(Errno) {
            if path == "-" { return SubmittedInput(name: "stdin.txt", bytes: try readStandardInput(), isNamed: false) }
            let bytes = try fileSystem.contents(of: fileSystem.open(path, in: nil, .followLinks))
            return SubmittedInput(name: path.split(separator: "/").last.map(String.init) ?? path, bytes: bytes)
        } catch {
            throw ClientError("\(path) cannot be read: \(error)", .noInput)
        }
    }

    private static func readStandardInput() throws(Errno) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(0, &buffer, buffer.count)
            if count < 0, errno != EINTR { throw Errno(rawValue: errno) }
            if count == 0 { return bytes }
            bytes += buffer.prefix(max(0, count))
        }
    }
}
