import Documents
import Jobs
import Logging

extension LogEntry {
    /// The fields of an entry: the logger's own metadata, overridden by the call's, in a fixed order.
    ///
    /// An `error` given to the call becomes `failure`, unless the metadata already says what failed. Fields beyond
    /// ``JournalField/maximumFieldCount`` are left out.
    static func fields(own: Logger.Metadata, call: Logger.Metadata?, error: (any Error)?) -> [Field] {
        if own.isEmpty, error == nil, call?.isEmpty ?? true { return [] }
        var metadata = own
        if let call { metadata.merge(call) { _, last in last } }
        if let error, metadata[JournalField.failure.rawValue] == nil {
            metadata[JournalField.failure.rawValue] = .string(String(describing: error))
        }
        var fields: [Field] = []
        fields.reserveCapacity(metadata.count)
        for known in JournalField.allCases {
            if let value = metadata.removeValue(forKey: known.rawValue) {
                fields.append(Field(known.rawValue, value.fieldText))
            }
        }
        let room = JournalField.maximumFieldCount - fields.count
        for key in metadata.keys.lazy.filter({ !$0.isEmpty }).sorted().prefix(room) {
            if let value = metadata[key] {
                fields.append(Field(key.cut(toBytes: JournalField.maximumNameLength), value.fieldText))
            }
        }
        return fields
    }
}

extension Logger.MetadataValue {
    /// Scalars as they are, arrays and dictionaries as JSON; at most ``JournalField/maximumValueLength`` bytes.
    var fieldText: String {
        let text =
            switch self {
            case .string(let value): value
            case .stringConvertible(let value): value.description
            case .array, .dictionary: json.text
            }
        return text.cut(toBytes: JournalField.maximumValueLength)
    }

    private var json: JSON {
        switch self {
        case .string(let value): .string(value)
        case .stringConvertible(let value): .string(value.description)
        case .array(let elements): .array(elements.map(\.json))
        case .dictionary(let members):
            JSON(members: members.sorted { $0.key < $1.key }.map { ($0.key, $0.value.json) })
        }
    }
}

extension String {
    /// The text itself, or its beginning and `…` when it has more bytes of UTF-8 than `limit`.
    func cut(toBytes limit: Int) -> String {
        if utf8.count <= limit { return self }
        let mark = "…"
        var end = utf8.index(utf8.startIndex, offsetBy: max(0, limit - mark.utf8.count))
        // Between two scalars; the middle of one would decode to a replacement character.
        while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(self[..<end]) + mark
    }
}
