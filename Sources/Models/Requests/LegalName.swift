/// Names in the bytes that every provider accepts.
enum LegalName {
    /// The longest name of a schema, in characters.
    private static let schemaNameMax = 64

    /// The text in `[a-zA-Z0-9_-]*`, with `_` for every other byte.
    static func of(_ text: String) -> String {
        let legal = text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                byte
            default: UInt8(ascii: "_")
            }
        }
        return String(decoding: legal, as: UTF8.self)
    }

    /// The title of a schema as a name that fits `[a-zA-Z0-9_-]{1,64}`.
    static func ofSchema(_ title: String?) -> String {
        let legal = of(title ?? "").prefix(schemaNameMax)
        return legal.isEmpty ? "output" : String(legal)
    }
}
