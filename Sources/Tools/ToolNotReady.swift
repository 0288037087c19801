import Documents

/// Thrown when a tool cannot be asked yet, because its server is being started.
///
/// Nothing was begun, so waiting costs no attempt.
package struct ToolNotReady: Error, Sendable, Equatable {
    /// Why, as one sentence without its full stop, with what is waited for and its setting.
    package var reason: String
    /// How long to wait before asking again.
    package var duration: Duration

    package init(for duration: Duration, _ reason: String) { (self.duration, self.reason) = (duration, reason) }
}
