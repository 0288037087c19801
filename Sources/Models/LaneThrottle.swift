import Jobs

/// How a model is asked again after it rested: by one request first, and by more as it answers them.
///
/// Two things are learned. How many requests may be under way: one, then one more for each answer up to half of what was
/// asked of it before, and then one more for each round of answers. And, where a quota lets through one request and
/// refuses the next, how far apart requests must be: that is known exactly from the wait that the second refusal names.
/// Servers refuse for other reasons, too, and a pace learned from those would only slow the queue. So a pace is tried once
/// with a request that comes too early for it: where the server answers that one, the pace is forgotten.
struct LaneThrottle: Sendable {
    /// The first rest where the provider names none; each further one without an answer between them doubles it.
    static let restMin: Duration = .seconds(1)
    static let restMax: Duration = .seconds(60)
    /// With fewer answers between two refusals than this, a quota is kept by spacing requests.
    static let burstMin = 8
    /// So many answers at a pace before a faster one is tried; twice as many each time that this was too fast.
    static let holdMin = 32
    static let holdMax = 256
    /// By so much the wait that a server names may be longer than the true one: many name whole seconds.
    static let rounding: Duration = .seconds(1)
    /// A pace below this is none.
    static let intervalMin: Duration = .milliseconds(20)
    /// Jobs that wait for their place at a pace look again after this at the latest.
    static let placeMax: Duration = .seconds(300)
    /// A lane that nothing was asked of for so long, or for some places, has nothing to say of today.
    static let idleMax: Duration = .seconds(10)

    /// Why a request may not be made now.
    enum Refusal: Equatable {
        /// Its place comes after so long.
        case place(Duration)
        /// It waits for an answer to those under way.
        case answer
    }

    private struct Pace {
        var interval: Duration
        /// When the next request may be made.
        var nextAt: Duration
        /// Places that were given to waiting jobs end there.
        var placesEnd: Duration = .zero
        var answers = 0
        var hold = LaneThrottle.holdMin
        /// The interval that was kept before a shorter one was tried.
        var kept: Duration?
        /// Whether a request that came too early for this pace was refused, as the quota would do.
        var isProven = false
    }

    /// Rests so far; tells a call that began before the last one from a later one.
    private(set) var rests = 0
    /// How many requests may be under way; nil is no limit.
    private var window: Int?
    /// Up to where the window grows with each answer.
    private var threshold = 1
    /// Requests under way that began after the last rest, and the most of them at a time.
    private(set) var underWay = 0
    private var underWayMost = 0
    private var answers = 0
    private var answersSinceGrowth = 0
    private var restsWithoutAnswer = 0
    private var pace: Pace?
    /// When the first request after a rest was made; nil where what came before is not known.
    private var began: Duration?
    private var restedUntil: Duration = .zero
    /// Requests since the last rest.
    private var asked = 0
    /// Whether the second request since the last rest came too early for the pace.
    private var isProbing = false
    private var lastAt: Duration?

    /// The time between two requests, while one is kept.
    var interval: Duration? { pace?.interval }
    /// Whether requests are let through one by one or at a pace.
    var isCautious: Bool { window != nil || pace != nil }

    /// Begins a request, or says why not.
    mutating func enter(at now: Duration) -> Refusal? {
        forgetIdleness(at: now)
        let isProbe = mayProbe(at: now)
        if let window, underWay >= window, !isProbe { return .answer }
        if var pace = pace {
            if pace.nextAt > now { return .place(place(&pace, at: now)) }
            // From when it might have come, not from when it came: else each small delay would slow all that follow.
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

    /// Whether a request would show if there is a quota of the pace, which would refuse it. The answer to the first request
    /// need not be waited for, because a refusal of it would have come at once.
    private func mayProbe(at now: Duration) -> Bool {
        guard let pace, !pace.isProven, asked == 1, window == 1 else { return false }
        return now - restedUntil <= pace.interval * 3 / 4
    }

    /// When the next of those who wait may come: each is given a place of its own, so that they do not come together.
    private mutating func place(_ pace: inout Pace, at now: Duration) -> Duration {
        // Who comes a moment too early has its place now.
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

    /// Ends a request that began when there had been so many rests.
    mutating func leave(_ rests: Int) {
        if rests == self.rests { underWay -= 1 }
    }

    /// A request that began when there had been so many rests was answered.
    mutating func noteAnswer(_ rests: Int) {
        guard rests == self.rests else { return }
        answers += 1
        restsWithoutAnswer = 0
        grow()
        // No quota of this pace would have let both through.
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
        // The second request after a rest goes alone, too: it tells whether a quota lets through just one.
        guard answersSinceGrowth >= (window == 1 ? 2 : window < threshold ? 1 : window) else { return }
        answersSinceGrowth = 0
        self.window = window >= max(64, underWayMost) ? nil : window + 1
    }

    /// The provider refused a request that began when there had been so many rests.
    ///
    /// - Parameter named: How long the provider asks to wait; nil where it does not say.
    /// - Returns: How long the model rests; nil when the refusal is of a request from before the last rest and says
    ///   nothing.
    mutating func rest(_ named: Duration?, _ cause: ProviderVerdict.Cause, of rests: Int, at now: Duration) -> Duration?
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

    /// The provider said that nothing is left: the model rests before it refuses anything.
    mutating func restBeforeRefusal(until end: Duration) {
        // It comes with an answer.
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

    /// What a refusal says of the quota.
    private mutating func learn(_ rest: Duration, at now: Duration) {
        // The first request may still be under way when the one that came too early is refused.
        let taken = isProbing ? 1 : answers
        guard let began, taken > 0 else { return }
        guard isOfQuota(rest, after: taken, at: now) else {
            pace = nil
            return
        }
        // A little more, so that the way to the server may take longer or shorter.
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
            // A little too fast.
            pace.interval = pace.interval * 17 / 16
            pace.isProven = false
        }
        self.pace = pace
    }

    /// Whether a quota that lets through one request in a while refuses like this: it names no wait longer than the while,
    /// and since the rest it has let through one request, and one more in each while.
    private func isOfQuota(_ rest: Duration, after taken: Int, at now: Duration) -> Bool {
        taken == 1 || rest <= (now - restedUntil) / (taken - 1) * 9 / 8 + Self.rounding
    }
}
