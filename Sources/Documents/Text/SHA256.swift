import CLibcrypto

/// SHA-256 (FIPS 180-4), by Debian's libcrypto, which needs no build.
package struct SHA256: Sendable {
    private var context = SHA256_CTX()

    package init() { SHA256_Init(&context) }

    /// Adds these bytes to the hash.
    package mutating func update(_ bytes: RawSpan) {
        _ = bytes.withUnsafeBytes { SHA256_Update(&context, $0.baseAddress, $0.count) }
    }

    /// The digest of all bytes so far.
    package consuming func finalize() -> Digest {
        var bytes = InlineArray<32, UInt8>(repeating: 0)
        var memory = bytes.mutableSpan
        _ = memory.withUnsafeMutableBufferPointer { SHA256_Final($0.baseAddress, &context) }
        return Digest(bytes: bytes)
    }

    /// The digest of these bytes.
    package static func hash(_ bytes: [UInt8]) -> Digest {
        var hash = SHA256()
        hash.update(bytes.span.bytes)
        return hash.finalize()
    }

    /// The 32 bytes of a digest.
    package struct Digest: Sendable {
        fileprivate var bytes: InlineArray<32, UInt8>

        /// The digest as it is written in histories, keys and results.
        package var hexadecimal: String { String(decoding: hexadecimalBytes(of: 32), as: UTF8.self) }

        /// The first bytes of the digest, two digits for each, as bytes of ASCII.
        package func hexadecimalBytes(of count: Int) -> [UInt8] {
            bytes.span.extracting(first: count).withUnsafeBufferPointer(\.hexadecimalBytes)
        }
    }
}
