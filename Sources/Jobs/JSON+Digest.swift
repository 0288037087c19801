import Crypto

extension JSON {
    /// SHA-256 of the value's compact text, in hexadecimal digits.
    package var sha256: String { SHA256.hash(data: bytes).hexadecimal }
}
