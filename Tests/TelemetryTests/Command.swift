import Documents
import Foundation
import Glibc
import Subprocess
import SystemPackage

/// A program that a test ran, with its status and all its output.
struct Command {
    var status: Int32
    var output: String
    var errors: String

    /// More output than a test's program has.
    private static let outputLimit = 4 << 20

    /// - Parameter environment: The differences to the test's own; nil removes a variable.
    static func run(
        _ path: String,
        _ arguments: [String],
        environment: [String: String?] = [:]
    ) async throws -> Command {
        let changes = environment.map { (Environment.Key(stringLiteral: $0), $1) }
        let result = try await Subprocess.run(
            .path(FilePath(path)),
            arguments: Arguments(arguments),
            environment: .inherit.updating(Dictionary(uniqueKeysWithValues: changes)),
            output: .string(limit: outputLimit),
            error: .string(limit: outputLimit)
        )
        let status: Int32 =
            switch result.terminationStatus {
            case .exited(let code): code
            case .signaled(let signal): 128 + signal
            }
        return Command(status: status, output: result.standardOutput, errors: result.standardError)
    }
}

/// Where the files of the project and of the build are.
enum Place {
    /// The project's directory.
    static let project = #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/" + $1 }

    /// The directory of the built programs: the one of the program that runs the tests.
    static let programs: String = {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let path = String(decoding: buffer.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        return path.split(separator: "/").dropLast().reduce(into: "") { $0 += "/" + $1 }
    }()

    static func isInstalled(_ program: String) -> Bool { access("/usr/bin/\(program)", X_OK) == 0 }

    static func text(_ path: String) throws -> String {
        let file = try FileDescriptor.open(FilePath("\(project)/\(path)"), .readOnly)
        defer { try? file.close() }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}

/// A directory that is removed after the test.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/agentspool-telemetry.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to name: String) throws {
        let file = try FileDescriptor.open(
            FilePath("\(path)/\(name)"),
            .writeOnly,
            options: [.create, .truncate],
            permissions: .ownerReadWrite
        )
        defer { try? file.close() }
        try file.writeAll(text.utf8)
    }
}
