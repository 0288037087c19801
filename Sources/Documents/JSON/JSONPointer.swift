/// JSON Pointer (RFC 6901): a place in a JSON value, as text.
package enum JSONPointer {
    /// `/items/0/a~1b`; empty for the root.
    package static func text(_ path: some Sequence<String>) -> String {
        path.map { "/" + escaped($0) }.joined()
    }

    /// Reads a pointer in a URI's fragment (RFC 6901 section 6), without its `#`; nil when it is not a pointer.
    package static func path(fragment: Substring) -> [String]? {
        guard let text = percentDecoded(fragment) else { return nil }
        if text.isEmpty { return [] }
        guard text.utf8.first == UInt8(ascii: "/") else { return nil }
        var path: [String] = []
        for part in text.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            guard let token = unescaped(part) else { return nil }
            path.append(token)
        }
        return path
    }

    private static func escaped(_ token: String) -> String {
        var text = ""
        for scalar in token.unicodeScalars {
            switch scalar {
            case "~": text += "~0"
            case "/": text += "~1"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    private static func unescaped(_ token: Substring) -> String? {
        var text = ""
        var scalars = token.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            guard scalar == "~" else {
                text.unicodeScalars.append(scalar)
                continue
            }
            switch scalars.next() {
            case "0": text += "~"
            case "1": text += "/"
            default: return nil
            }
        }
        return text
    }

    private static func percentDecoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
