import Documents

/// The metadata keys that the whole daemon uses when it logs, and the journal fields they become.
///
/// The raw value is the key: `logger.notice("…", metadata: [JournalField.job.rawValue: "\(id)"])`, or plainly `"job"`.
/// Field names follow systemd.journal-fields(7) and the native protocol: journald silently drops a field whose name is
/// longer than 64 bytes, or has other characters than `A`-`Z`, `0`-`9` and `_`, or begins with `_` or a digit.
package enum JournalField: String, Sendable, CaseIterable {
    case job, queue, workflow, step, state, attempt, node
    /// A whole number of milliseconds.
    case duration = "duration_ms"
    case failure
    /// One of ``MessageID``: ties the entry to the message catalog.
    case messageID = "message_id"

    /// The journal's name for it: `AGENTSPOOL_JOB` …, `MESSAGE_ID`.
    package var name: String { Self.name(ofKey: rawValue) }

    /// The longest field name that journald keeps, in bytes.
    package static let maximumNameLength = 64

    /// The longest value of a field, in bytes of UTF-8; what is longer is cut and ends in `…`.
    ///
    /// A journal entry is a summary. Long text belongs in the job directory, where it is private.
    package static let maximumValueLength = 4_096

    /// The most fields that one entry takes from metadata; journald drops the whole entry at about 1,000.
    package static let maximumFieldCount = 64

    private static let prefix = "AGENTSPOOL_"

    /// The field name of any metadata key: `message_id` is `MESSAGE_ID`, every other key is `AGENTSPOOL_<UPPER>`.
    ///
    /// Characters that journald forbids in a name become `_`, and a name is cut to ``maximumNameLength``.
    package static func name(ofKey key: String) -> String {
        if key == messageID.rawValue { return "MESSAGE_ID" }
        let upper = key.utf8.prefix(maximumNameLength - prefix.utf8.count).map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): byte & 0xDF
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
            default: UInt8(ascii: "_")
            }
        }
        return prefix + String(decoding: upper, as: UTF8.self)
    }
}
