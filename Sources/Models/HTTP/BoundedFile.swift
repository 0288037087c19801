import Documents
import SystemPackage

/// Reads small files into memory; it blocks, so call it from a thread that may wait.
enum BoundedFile {
    /// Why a file could not be read.
    struct ReadError: Error {
        let reason: String
    }

    /// - Parameter max: In bytes; a larger file is an error, not cut.
    static func read(_ path: String, max: Int) throws(ReadError) -> [UInt8] {
        do {
            let file = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
            return try file.closeAfter {
                var bytes: [UInt8] = []
                while bytes.count <= max {
                    let room = Swift.min(chunkSize, max + 1 - bytes.count)
                    let chunk = try [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
                        count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
                    }
                    if chunk.isEmpty { return bytes }
                    bytes += chunk
                }
                throw ReadError(reason: "larger than \(max) bytes")
            }
        } catch let error as ReadError {
            throw error
        } catch let error as Errno {
            throw ReadError(reason: error.description)
        } catch {
            throw ReadError(reason: "\(error)")
        }
    }

    /// `path` itself when it is absolute, else below `directory`.
    static func resolve(_ path: String, in directory: String) -> String {
        FilePath(directory).pushing(FilePath(path)).string
    }

    private static let chunkSize = 64 << 10
}
