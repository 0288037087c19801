/// What `validate()` of a command has made of its arguments, kept so that these are read once.
///
/// Decoding is for the argument parser alone, which hands the default value over as it is.
struct Validated<Value: Sendable>: Decodable, Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }

    init(from decoder: any Decoder) throws {
        let context = DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "no argument")
        throw DecodingError.valueNotFound(Value.self, context)
    }
}
