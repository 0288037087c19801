import Documents
import HTTPTypes
import Hummingbird
import NIOCore
import Spool
import SystemPackage

/// Answers with a file, or the part of it that Range asks for (RFC 9110, section 14), read piece by piece.
struct FileAnswer {
    private static let pieceSize = 256 << 10

    private let file: OpenFile
    private let fileSystem: any FileSystem
    private let type: String

    init(_ file: OpenFile, _ fileSystem: any FileSystem, type: String) {
        (self.file, self.fileSystem, self.type) = (file, fileSystem, type)
    }

    func response(to request: Request) throws -> Response {
        let size = try Int(fileSystem.status(of: file).size)
        var headers: HTTPFields = [.contentType: type, .acceptRanges: "bytes"]
        guard let text = request.headers[.range], let asked = ByteRange(text) else {
            return Response(status: .ok, headers: headers, body: body(0..<size))
        }
        guard let range = asked.range(of: size) else {
            var problem = Problem(.rangeNotSatisfiable, "the file has \(size) bytes")
            problem.headers[.contentRange] = "bytes */\(size)"
            throw problem
        }
        headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"
        return Response(status: .partialContent, headers: headers, body: body(range))
    }

    private func body(_ range: Range<Int>) -> ResponseBody {
        ResponseBody(contentLength: range.count) { [file, fileSystem] writer in
            var offset = range.lowerBound
            while offset < range.upperBound {
                let count = min(Self.pieceSize, range.upperBound - offset)
                let piece = try fileSystem.read(file, at: offset, count: count)
                // A file that became shorter cannot give what its head has promised: the connection ends.
                guard !piece.isEmpty else { throw Errno.ioError }
                try await writer.write(ByteBuffer(bytes: piece))
                offset += piece.count
            }
            try await writer.finish(nil)
        }
    }
}

/// One range of bytes; several at once are not given, which RFC 9110 allows.
struct ByteRange: Equatable {
    private enum Bound: Equatable {
        case from(Int, through: Int?)
        case last(Int)
    }

    private let bound: Bound

    /// Reads `bytes=0-99`, `bytes=100-`, `bytes=-100`; nil for all else, which is then ignored.
    init?(_ text: String) {
        guard text.hasPrefix("bytes=") else { return nil }
        let parts = text.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }) else {
            return nil
        }
        switch (Int(parts[0]), Int(parts[1])) {
        case (let first?, let last?) where first <= last: bound = .from(first, through: last)
        case (let first?, nil) where parts[1].isEmpty: bound = .from(first, through: nil)
        case (nil, let count?) where parts[0].isEmpty: bound = .last(count)
        default: return nil
        }
    }

    /// The range in a file of this size; nil when it has no byte of it.
    func range(of size: Int) -> Range<Int>? {
        switch bound {
        case .from(let first, let last):
            return first < size ? first..<(min(size - 1, last ?? size - 1) + 1) : nil
        case .last(let count):
            return count > 0 && size > 0 ? max(0, size - count)..<size : nil
        }
    }
}
