/// The same bytes in pieces: all at once, one by one, and cut at places that follow from the bytes themselves.
enum Pieces {
    static func cuts(of bytes: [UInt8]) -> [[[UInt8]]] {
        [[bytes], bytes.map { [$0] }, irregular(bytes)]
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
