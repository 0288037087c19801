import Documents
import Jobs

/// Throttles the requests to a model after a rest: one request first, and more as the model answers.
///
/// It learns two values. The window is the number of requests in flight: one after a rest, then one more per answer up
/// to half of the number before the rest, and then one more per round of answers.
///
/// The pace is the time between requests, for a quota that admits one request and refuses the next: the wait that the
/// second refusal names gives it exactly. Servers refuse for other reasons, too, and a pace learned from those would
/// only slow the queue. So one request tests the pace by coming too early: if the server answers it, the pace is
/// dropped.
struct AdaptiveThrottle: Sendable {
    /// The first rest when the provider names no wait; each further rest without an answer in between doubles it.
    static let restMin: Duration = .seconds(1)
    static let restMax: Duration = .seconds(60)
    /// A quota that gives fewer answers than this between two refusals is kept by spacing requests.
    static let burstMin = 8
    /// How many answers come at one pace before a faster one is tried; doubled each time the faster one failed.
    static let holdMin = 32
    static let holdMax = 256
    /// By how much a named wait may exceed the true one: many servers name whole seconds.
    static let rounding: Duration = .seconds(1)
    /// A pace with a shorter interval is dropped.
    static let intervalMin: Duration = .milliseconds(20)
    /// How far ahead a waiting request may get a place; beyond this it tries again at the next one.
    static let placeMax: Duration = .seconds(300)
    /// After this idle time, or three intervals if that is longer, the throttle forgets what it learned.
    static let idleMax: Duration = .seconds(10)

    /// Why a request may not be made now.
    enum Refusal: Equatable {
        /// Its place at the pace comes after this wait.
        case place(Duration)
        /// It waits for an answer to a request in flight.
        case answer
    }

    private struct Pace {
        var interval: Duration
        /// When the next request may be made.
        var nextAt: Duration
        /// The last place that a waiting request was given.
        var placesEnd: Duration = .zero
        var answers = 0
        var hold = AdaptiveThrottle.holdMin
        /// The interval before a shorter one was tried.
        var kept: Duration?
        /// Whether a request that came too early for this pace was refused, as a quota would do.
        var isProven = false
    }

    /// Rests so far; tells whether a request began before the last rest.
    private(set) var rests = 0
    /// How many requests may be in flight; nil for no limit.
    private var window: Int?
    /// Up to this size the window grows with each answer.
    private var threshold = 1
    /// Requests in flight that began after the last rest, and the highest number of them.
    private(set) var underWay = 0
    private var underWayMost = 0
    private var answers = 0
    private var answersSinceGrowth = 0
    private var restsWithoutAnswer = 0
    private var pace: Pace?
    /// When the first request after the last rest was made; nil when there is none.
    private var began: Duration?
    private var restedUntil: Duration = .zero
    /// Requests since the last rest.
    private var asked = 0
    /// Whether the second request since the last rest was made early, to test the pace.
    private var isProbing = false
    private var lastAt: Duration?

    /// The time between two requests; nil without a pace.
    var interval: Duration? { pace?.interval }
    /// Whether a window or a pace limits the requests.
    var isCautious: Bool { window != nil || pace != nil }

    /// Begins a request, or returns why it may not begin.
    mutating func enter(at now: Duration) -> Refusal? {
        forgetIdleness(at: now)
        let isProbe = mayProbe(at: now)
        if let window, underWay >= window, !isProbe { return .answer }
        if var pace = pace {
            if pace.nextAt > now { return .place(place(&pace, at: now)) }
            // Counted from the scheduled time, not from now; otherwise each small delay would slow all later requests.
            pace.nextAt = max(now, pace.nextAt + pace.interval)
            if asked == 0, window != nil, !pace.isProven { pace.nextAt = now + pace.interval / 2 }
            self.pace = pace
            isProbing = isProbing || isProbe
        }
        asked += 1
        underWay += 1
        underWayMost = max(underWayMost, underWay)
        if rests > 0, answers == 0, began == nil, window != nil { began = now }
        lastAt = now
        return nil
    }

    /// Whether a request now would test the pace: a quota of that pace would refuse it.
    ///
    /// It need not wait for the answer to the first request, because a refusal of that one would have come at once.
    private func mayProbe(at now: Duration) -> Bool {
        guard let pace, !pace.isProven, asked == 1, window == 1 else { return false }
        return now - restedUntil <= pace.interval * 3 / 4
    }

    /// How long a request must wait; each gets a place of its own, so that they do not all come together.
    private mutating func place(_ pace: inout Pace, at now: Duration) -> Duration {
        // A request that is only a moment too early gets the next place.
        if pace.nextAt - now <= pace.interval / 8 { return pace.nextAt - now }
        var place = max(pace.nextAt, pace.placesEnd + pace.interval)
        if place - pace.nextAt > Self.placeMax { place = pace.nextAt }
        pace.placesEnd = place
        self.pace = pace
        return place - now
    }

    private mutating func forgetIdleness(at now: Duration) {
        guard underWay == 0, let lastAt, now - lastAt > max(Self.idleMax, (pace?.interval ?? .zero) * 3),
            now - (pace?.placesEnd ?? .zero) > .zero
        else { return }
        (window, pace, began, answers, underWayMost) = (nil, nil, nil, 0, 0)
    }

    /// Ends a request; `rests` is the number of rests when it began.
    mutating func leave(_ rests: Int) {
        if rests == self.rests { underWay -= 1 }
    }

    /// Records an answer to a request; `rests` is the number of rests when it began.
    mutating func noteAnswer(_ rests: Int) {
        guard rests == self.rests else { return }
        answers += 1
        restsWithoutAnswer = 0
        grow()
        // A quota of this pace would have refused one of the two.
        if isProbing, answers >= 2 { (pace, isProbing) = (nil, false) }
        guard var pace else { return }
        pace.answers += 1
        if pace.answers > pace.hold {
            pace.kept = pace.kept ?? pace.interval
            pace.interval = pace.interval * 9 / 10
        }
        self.pace = pace.interval < Self.intervalMin ? nil : pace
    }

    private mutating func grow() {
        guard let window else { return }
        answersSinceGrowth += 1
        // The second request after a rest also goes alone: it shows whether a quota admits just one.
        guard answersSinceGrowth >= (window == 1 ? 2 : window < threshold ? 1 : window) else { return }
        answersSinceGrowth = 0
        self.window = window >= max(64, underWayMost) ? nil : window + 1
    }

    /// Records that the provider refused a request; `rests` is the number of rests when it began.
    ///
    /// - Parameter named: The wait that the provider names; nil when it names none.
    /// - Returns: How long the model rests; for a request from before the last rest, just `named`.
    mutating func rest(_ named: Duration?, _ cause: ClassifiedError.Cause, of rests: Int, at now: Duration) -> Duration?
    {
        guard rests == self.rests else { return named }
        restsWithoutAnswer += 1
        let doublings = min(restsWithoutAnswer - (named == nil ? 1 : 2), 6)
        let own = doublings < 0 ? .zero : min(Self.restMin * (1 << doublings), Self.restMax)
        let rest = max(named ?? .zero, own)
        if cause == .quota { learn(rest, at: now) }
        begin(restingUntil: now + rest)
        return rest
    }

    /// Starts a rest before a refusal, because the provider reported that its limit is used up.
    mutating func restBeforeRefusal(until end: Duration) {
        // The report comes with an answer.
        restsWithoutAnswer = 0
        begin(restingUntil: end)
    }

    private mutating func begin(restingUntil end: Duration) {
        rests += 1
        threshold = max(1, underWay / 2)
        (window, underWay, asked, answers, answersSinceGrowth) = (1, 0, 0, 0, 0)
        (began, isProbing) = (nil, false)
        (lastAt, restedUntil) = (end, end)
        pace?.nextAt = end
        pace?.answers = 0
    }

    /// Learns the pace of a quota from a refusal.
    private mutating func learn(_ rest: Duration, at now: Duration) {
        // The first request may still be in flight when the early one is refused.
        let taken = isProbing ? 1 : answers
        guard let began, taken > 0 else { return }
        guard isOfQuota(rest, after: taken, at: now) else {
            pace = nil
            return
        }
        // With a margin for varying network delays.
        let estimate = (now + rest - began) / taken * 33 / 32
        guard var pace else {
            if taken < Self.burstMin { self.pace = Pace(interval: estimate, nextAt: now + rest) }
            return
        }
        if isProbing {
            pace.isProven = estimate > pace.interval * 7 / 8 && estimate < pace.interval * 9 / 8 + Self.rounding
            if !pace.isProven { pace.interval = estimate }
        } else if let kept = pace.kept {
            (pace.interval, pace.kept) = (min(kept, max(pace.interval, estimate)), nil)
            if estimate > kept * 7 / 8 { pace.hold = min(pace.hold * 2, Self.holdMax) }
        } else if taken <= 2 {
            // The quota has become smaller, or another program uses it, too.
            pace.interval = min(max(estimate, pace.interval * 17 / 16), pace.interval * 2)
            pace.isProven = false
        } else if rest < pace.interval {
            // The pace is a little too fast.
            pace.interval = pace.interval * 17 / 16
            pace.isProven = false
        }
        self.pace = pace
    }

    /// Whether a refusal fits a quota of one request per interval: its wait is not longer than the average time per
    /// answer since the rest.
    private func isOfQuota(_ rest: Duration, after taken: Int, at now: Duration) -> Bool {
        taken == 1 || rest <= (now - restedUntil) / (taken - 1) * 9 / 8 + Self.rounding
    }
}
