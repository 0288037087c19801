package import Documents
import Jobs
package import Logging

/// One entry of the log, already turned into text and cut to its limits.
///
/// The caller's thread makes it, so that entries in the pipeline are bounded and cannot change any more.
package struct LogEntry: Sendable, Equatable {
    /// One member of the metadata.
    package struct Field: Sendable, Equatable {
        /// As the caller wrote it: `job`, `duration_ms` …
        package var key: String
        package var value: String

        package init(_ key: String, _ value: String) {
            self.key = key
            self.value = value
        }
    }

    package var at: Timestamp
    package var level: Logger.Level
    package var message: String
    /// The well-known keys in the order of ``JournalField``, then the others by name.
    package var fields: [Field]
    /// The label of its logger.
    package var label: String
    /// Module and file, as `#fileID` has it.
    package var file: String
    package var line: UInt
    package var function: String

    package init(
        at: Timestamp,
        level: Logger.Level,
        message: String,
        fields: [Field] = [],
        label: String,
        file: String = #fileID,
        line: UInt = #line,
        function: String = #function
    ) {
        self.at = at
        self.level = level
        self.message = message.cut(toBytes: JournalField.maximumValueLength)
        self.fields = fields
        self.label = label
        self.file = file
        self.line = line
        self.function = function
    }
}
