import Documents
import FoundationEssentials
import Glibc
import SystemPackage

/// Makes a directory for as long as `body` runs, and removes it with all that is in it.
package func withTemporaryDirectory<Value>(
    _ body: (_ path: String) async throws -> Value
) async throws -> Value {
    let path = "/var/tmp/agentspool-test-\(UInt64.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}

/// Removes a file, or a directory with all that is in it.
package func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: path) }

/// Writes a whole file, in place of one that may be there.
package func write(_ text: String, to path: String) throws {
    let file = try FileDescriptor.open(
        FilePath(path),
        .writeOnly,
        options: [.create, .truncate],
        permissions: [.ownerReadWrite, .groupRead, .otherRead]
    )
    try file.closeAfter { _ = try file.writeAll(text.utf8) }
}

/// The names in a directory, sorted; none when it does not exist.
package func names(in path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
}
