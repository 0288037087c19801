import Documents

/// The same bytes in pieces: all at once, cut at places that follow from the bytes themselves, and, where there are few
/// enough of them, one by one.
enum Pieces {
    private static let countMax = 512

    static func cuts(of bytes: [UInt8]) -> [[[UInt8]]] {
        [[bytes], irregular(bytes)] + (bytes.count <= countMax ? [bytes.map { [$0] }] : [])
    }

    private static func irregular(_ bytes: [UInt8]) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var start = 0
        while start < bytes.count {
            let length = Int(bytes[start] ^ UInt8(truncatingIfNeeded: start)) % 61
            let end = min(bytes.count, start + length + 1)
            pieces.append(Array(bytes[start..<end]))
            start = end
        }
        return pieces
    }
}
