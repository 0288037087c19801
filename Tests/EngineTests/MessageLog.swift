import Documents
import Logging
import TestKit

/// What the engine has logged.
struct MessageLog: LogHandler {
    private let messages = Watched<[String]>([])

    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { messages.update { $0.append("\(event.message)") } }

    func last(_ count: Int) -> [String] { messages.value.suffix(count) }

    func count(of text: String) -> Int { messages.value.count { $0.contains(text) } }

    /// Returns when this text was logged so many times.
    func when(_ text: String, times: Int = 1) async {
        await messages.wait { $0.count { $0.contains(text) } >= times }
    }
}
