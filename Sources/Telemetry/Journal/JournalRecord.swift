import Documents
import Logging

/// The fields of an entry for sd_journal_sendv(3): `NAME=value` one after the other, with the end of each.
struct JournalRecord {
    private(set) var bytes: [UInt8] = []
    private(set) var ends: [Int] = []

    init(_ entry: LogEntry, identifier: String) {
        bytes.reserveCapacity(256 + entry.message.utf8.count + 64 * entry.fields.count)
        append("MESSAGE", entry.message)
        append("PRIORITY", String(entry.level.priority))
        append("SYSLOG_IDENTIFIER", identifier)
        append("CODE_FILE", entry.file)
        append("CODE_LINE", String(entry.line))
        append("CODE_FUNC", entry.function)
        append("AGENTSPOOL_LOGGER", entry.label)
        for field in entry.fields {
            append(JournalField.name(ofKey: field.key), field.value)
        }
    }

    private mutating func append(_ name: String, _ value: String) {
        bytes += name.utf8
        bytes.append(UInt8(ascii: "="))
        bytes += value.utf8
        ends.append(bytes.count)
    }
}

extension Logger.Level {
    /// The severity of syslog(3): 2 critical … 7 debug.
    var priority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
