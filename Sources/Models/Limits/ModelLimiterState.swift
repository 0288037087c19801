import Documents
import Jobs

/// Decides whether a model may be called now, as a value that gets the current time from its caller.
///
/// A rest is a back-off that the server asked for or caused. A stop lasts until an operator has fixed the cause. After
/// a rest, requests are throttled; limits per minute always apply.
///
/// When a stop's wait is over, one call goes ahead as a probe and the others wait, so that a key that is still wrong
/// fails one job and not all of them.
struct ModelLimiterState: Sendable {
    /// How long the first stop closes the limiter; each further stop doubles it, up to ``stopMax``.
    static let stopMin: Duration = .seconds(60)
    static let stopMax: Duration = .seconds(900)
    /// After how long a call that waits for a probe, or for an answer after a rest, tries again.
    static let probeWait: Duration = .seconds(5)

    /// The state of the limiter when a permit was given.
    struct Entry: Sendable {
        let isProbe: Bool
        /// Stops so far.
        let stops: Int
        /// Rests so far.
        let rests: Int
    }

    /// Why no permit is given now.
    struct Refusal: Error {
        var pause: ModelPause
        /// Whether an answer to a call in flight may end the wait early.
        var endsWithAnswer = false
    }

    private struct Closing {
        var until: Duration
        var reason: String
    }

    private struct Stop {
        var closing: Closing
        var length: Duration
        var isProbed = false
    }

    private let model: String
    private let limits: ModelLimits
    private var requests: TokenBucket?
    private var tokens: TokenBucket?
    private var throttle = AdaptiveThrottle()
    private var pause: Closing?
    /// The cause of the last rest, for the reasons that are shown while requests are throttled.
    private var cause = ""
    private var stop: Stop?
    /// Stops so far; tells whether a call began before the last stop.
    private(set) var stops = 0

    /// - Parameter model: The model's name in the configuration, for the reasons.
    init(_ model: String, _ limits: ModelLimits, at now: Duration) {
        (self.model, self.limits) = (model, limits)
        requests = limits.requestsPerMinute.map { TokenBucket(perMinute: $0, at: now) }
        tokens = limits.tokensPerMinute.map { TokenBucket(perMinute: $0, at: now) }
    }

    /// True from a stop until a later call is answered.
    var isStopped: Bool { stop != nil }

    /// The entry of a call without a permit.
    var passing: Entry { Entry(isProbe: false, stops: stops, rests: throttle.rests) }

    /// How long the model takes no calls, and why; nil when the limiter is open.
    func closed(at now: Duration) -> ModelPause? {
        let last = [pause, stop?.closing].compactMap(\.self).max { $0.until < $1.until }
        guard let last, last.until > now else { return nil }
        return ModelPause(for: last.until - now, last.reason)
    }

    /// Whether a permit with `entry` may make a call without entering again: the limiter is open and has not rested since.
    func holds(_ entry: Entry, at now: Duration) -> Bool {
        entry.rests == throttle.rests && closed(at: now) == nil
    }

    /// Gives a permit and charges one request for it, or returns how long to wait.
    mutating func enter(at now: Duration) -> Result<Entry, Refusal> {
        if let pause = closed(at: now) { return .failure(Refusal(pause: pause)) }
        if let stop, stop.isProbed {
            return .failure(Refusal(pause: ModelPause(for: Self.probeWait, stop.closing.reason)))
        }
        if let wait = requests?.wait(at: now), wait > .zero {
            return .failure(usedUp("requests", limits.requestsPerMinute, wait))
        }
        if let wait = tokens?.wait(at: now), wait > .zero {
            return .failure(usedUp("tokens", limits.tokensPerMinute, wait))
        }
        if let refusal = throttle.enter(at: now) { return .failure(care(refusal)) }
        requests?.take(1, at: now)
        stop?.isProbed = true
        return .success(Entry(isProbe: stop != nil, stops: stops, rests: throttle.rests))
    }

    private func usedUp(_ what: String, _ limit: Int?, _ wait: Duration) -> Refusal {
        Refusal(pause: ModelPause(for: wait, "the model \(model) has used up its \(limit ?? 0) \(what) per minute"))
    }

    private func care(_ refusal: AdaptiveThrottle.Refusal) -> Refusal {
        switch refusal {
        case .place(let wait):
            let interval = throttle.interval.map { "once in \(Self.shown($0))" } ?? "slowly"
            return Refusal(pause: ModelPause(for: wait, "the model \(model) is asked \(interval), because \(cause)"))
        case .answer:
            let reason = "the model \(model) is asked by few jobs at a time until it answers, because \(cause)"
            return Refusal(pause: ModelPause(for: Self.probeWait, reason), endsWithAnswer: true)
        }
    }

    private static func shown(_ duration: Duration) -> String { duration.roundedText.replacing(".0", with: "") }

    /// Takes a permit back.
    ///
    /// - Parameter isUsed: Whether its holder made a call with the request that it was charged.
    mutating func leave(_ entry: Entry, isUsed: Bool, at now: Duration) {
        if !isUsed { requests?.take(-1, at: now) }
        if entry.isProbe, entry.stops == stops { stop?.isProbed = false }
        throttle.leave(entry.rests)
    }

    /// Charges the limits; negative numbers refund what was charged too much.
    mutating func charge(requests: Int = 0, tokens: Int, at now: Duration) {
        self.requests?.take(requests, at: now)
        self.tokens?.take(tokens, at: now)
    }

    /// Closes the limiter for `duration` at least.
    mutating func pause(for duration: Duration, _ cause: String, at now: Duration) {
        throttle.restBeforeRefusal(until: now + duration)
        close(for: duration, cause, at: now)
    }

    private mutating func close(for duration: Duration, _ cause: String, at now: Duration) {
        guard now + duration > pause?.until ?? .zero else { return }
        self.cause = cause
        pause = Closing(until: now + duration, reason: "the model \(model) rests for \(Self.shown(duration)): \(cause)")
    }

    /// Starts a rest after the provider refused the call of a permit with `entry`.
    ///
    /// - Parameter named: The wait that the provider names; nil when it names none.
    mutating func rest(
        _ named: Duration?,
        _ cause: ClassifiedError.Cause,
        _ reason: String,
        of entry: Entry,
        at now: Duration
    ) {
        guard let rest = throttle.rest(named, cause, of: entry.rests, at: now) else { return }
        close(for: rest, reason, at: now)
    }

    /// Closes the limiter until an operator has fixed the cause; a probe is due after 1, 2, 4 minutes and so on.
    ///
    /// - Parameter seen: ``stops`` when the call began; calls in flight together stop the limiter once.
    mutating func stop(_ reason: String, seen: Int, at now: Duration) {
        guard seen == stops else { return }
        let length = stop.map { min($0.length * 2, Self.stopMax) } ?? Self.stopMin
        let sentence = "the model \(model) is not asked until its server takes requests again: \(reason)"
        stop = Stop(closing: Closing(until: now + length, reason: sentence), length: length)
        stops += 1
    }

    /// Ends the wait after a stop, but not the stop: the next call is the probe.
    mutating func probeNow(at now: Duration) {
        guard var stop, stop.closing.until > now else { return }
        stop.closing.until = now
        self.stop = stop
    }

    /// Records an answer to a call of a permit with `entry`; it ends a stop from before that permit was given.
    mutating func noteAnswer(to entry: Entry) {
        if entry.stops == stops { stop = nil }
        throttle.noteAnswer(entry.rests)
    }
}
