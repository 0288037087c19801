import Documents

/// Data that a server sends as text: an image, a sound, the bytes of a resource.
package struct MCPData {
    /// As the server wrote it.
    let base64: String
    let mimeType: String?

    package init(base64: String, mimeType: String?) { (self.base64, self.mimeType) = (base64, mimeType) }

    /// The number of bytes, by the length of the Base64.
    var count: Int {
        // Four characters of Base64 are three bytes; text that is not Base64 may be all padding.
        max(0, base64.utf8.count / 4 * 3 - base64.utf8.suffix(2).count { $0 == UInt8(ascii: "=") })
    }

    /// The usual extension of a file's name for this type.
    var fileEnding: String {
        let known = [
            "image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp", "image/svg+xml": "svg",
            "audio/wav": "wav", "audio/mpeg": "mp3", "audio/ogg": "ogg", "application/pdf": "pdf", "text/csv": "csv",
            "application/json": "json", "text/plain": "txt", "text/html": "html", "application/zip": "zip",
        ]
        return mimeType.flatMap { known[$0] } ?? "bin"
    }

    /// The bytes; nil when the text is not Base64 (RFC 4648, both alphabets, line ends are skipped).
    package var bytes: [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        var (buffer, bits) = (UInt32(0), 0)
        for byte in base64.utf8 {
            let value: UInt8
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte - UInt8(ascii: "0") + 52
            case UInt8(ascii: "+"), UInt8(ascii: "-"): value = 62
            case UInt8(ascii: "/"), UInt8(ascii: "_"): value = 63
            case UInt8(ascii: "="), 0x0A, 0x0D: continue
            default: return nil
            }
            (buffer, bits) = (buffer << 6 | UInt32(value), bits + 6)
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bits)))
                buffer &= (1 << UInt32(bits)) - 1
            }
        }
        return bytes
    }
}
