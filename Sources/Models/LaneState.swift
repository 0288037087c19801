/// Whether a model may be asked now: pauses, stops and limits per minute, as a value to which the time is told.
///
/// After a stop has run out, one turn goes ahead as a probe and the others wait, so that a key that is still wrong
/// costs one job and not all of them.
struct LaneState: Sendable {
    /// For how long the first stop closes the lane; each further one doubles it.
    static let stopMin: Duration = .seconds(60)
    static let stopMax: Duration = .seconds(900)
    /// After how long those who wait for a probe look again.
    static let probeWait: Duration = .seconds(5)

    /// What a turn was given.
    struct Entry: Sendable {
        let isProbe: Bool
        /// Stops so far.
        let stops: Int
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

    private let limits: ModelLimits
    private var requests: TokenBucket?
    private var tokens: TokenBucket?
    private var pause: Closing?
    private var stop: Stop?
    /// Stops so far; tells a call that began before the last one from a later one.
    private(set) var stops = 0

    init(_ limits: ModelLimits, at now: Duration) {
        self.limits = limits
        requests = limits.requestsPerMinute.map { TokenBucket(perMinute: $0, at: now) }
        tokens = limits.tokensPerMinute.map { TokenBucket(perMinute: $0, at: now) }
    }

    /// True from a stop on until a call is answered again.
    var isStopped: Bool { stop != nil }

    /// For how long nobody asks, and why; nil when the lane is open.
    func closed(at now: Duration) -> ModelPause? {
        let last = [pause, stop?.closing].compactMap(\.self).max { $0.until < $1.until }
        guard let last, last.until > now else { return nil }
        return ModelPause(for: last.until - now, last.reason)
    }

    /// Begins a turn and takes one request for it, or says how long to wait.
    mutating func enter(at now: Duration) -> Result<Entry, ModelPause> {
        if let pause = closed(at: now) { return .failure(pause) }
        if let stop, stop.isProbed { return .failure(ModelPause(for: Self.probeWait, stop.closing.reason)) }
        if let wait = requests?.wait(at: now), wait > .zero {
            return .failure(usedUp("requests", limits.requestsPerMinute, wait))
        }
        if let wait = tokens?.wait(at: now), wait > .zero {
            return .failure(usedUp("tokens", limits.tokensPerMinute, wait))
        }
        requests?.take(1, at: now)
        stop?.isProbed = true
        return .success(Entry(isProbe: stop != nil, stops: stops))
    }

    private func usedUp(_ what: String, _ limit: Int?, _ wait: Duration) -> ModelPause {
        ModelPause(for: wait, "the model's \(limit ?? 0) \(what) per minute are used up")
    }

    /// Ends a turn.
    ///
    /// - Parameter isUsed: Whether a call was made with the request that the turn took.
    mutating func leave(_ entry: Entry, isUsed: Bool, at now: Duration) {
        if !isUsed { requests?.take(-1, at: now) }
        if entry.isProbe, entry.stops == stops { stop?.isProbed = false }
    }

    /// Charges the limits; what is charged too much is given back with numbers below zero.
    mutating func charge(requests: Int = 0, tokens: Int, at now: Duration) {
        self.requests?.take(requests, at: now)
        self.tokens?.take(tokens, at: now)
    }

    /// Closes the lane for `duration` at least.
    mutating func pause(for duration: Duration, _ reason: String, at now: Duration) {
        if now + duration > pause?.until ?? .zero { pause = Closing(until: now + duration, reason: reason) }
    }

    /// Closes the lane until a person has acted, looking again after a minute, two, four and so on.
    ///
    /// - Parameter seen: ``stops`` when the call began: calls that were under way together stop the lane once.
    mutating func stop(_ reason: String, seen: Int, at now: Duration) {
        guard seen == stops else { return }
        let length = stop.map { min($0.length * 2, Self.stopMax) } ?? Self.stopMin
        stop = Stop(closing: Closing(until: now + length, reason: reason), length: length)
        stops += 1
    }

    /// A call that began after the last stop was answered: what was wrong is over.
    mutating func reopen(seen: Int) {
        if seen == stops { stop = nil }
    }
}
