import Documents
import Jobs

/// A text file, read as UTF-8 without a byte order mark, whatever its encoding.
struct TextSource: ByteSource {
    private let source: any ByteSource
    /// The length in bytes of the mark that is skipped.
    private let start: Int
    /// The whole text, if it had to be decoded.
    private let decoded: [UInt8]?

    /// - Throws: What `source` throws; `Failure` for UTF-16 and UTF-32 that is not whole, or too large.
    init(_ source: any ByteSource) async throws {
        self.source = source
        let beginning = try await source.read(at: 0, count: 4)
        guard let (encoding, markLength) = TextEncoding.marked(beginning) else {
            (start, decoded) = (0, nil)
            return
        }
        if encoding == .utf8 {
            (start, decoded) = (markLength, nil)
            return
        }
        var bytes: [UInt8] = []
        while bytes.count <= BatchOutline.decodedMax {
            let piece = try await source.read(at: bytes.count, count: 1 << 18)
            if piece.isEmpty { break }
            bytes += piece
        }
        guard bytes.count <= BatchOutline.decodedMax else {
            throw Failure(.permanent, "the file is \(encoding.name) of more than \(BatchOutline.decodedMax) bytes")
        }
        do throws(TextFault) {
            (start, decoded) = (0, try TextEncoding.utf8(bytes))
        } catch {
            throw Failure(.permanent, "\(error)")
        }
    }

    /// Whether the text had a mark, by which some programs recognize the encoding.
    var hadMark: Bool { decoded != nil || start > 0 }

    func read(at offset: Int, count: Int) async throws -> [UInt8] {
        guard let decoded else { return try await source.read(at: start + offset, count: count) }
        return Array(decoded[min(offset, decoded.count)...].prefix(count))
    }
}
