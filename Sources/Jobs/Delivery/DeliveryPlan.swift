package import Documents

/// What is to be done after a job's end or while it is held, and how much of it is done.
package struct DeliveryPlan: Sendable {
    /// What lists show of a job's delivery.
    package enum Status: String, Sendable, CaseIterable {
        case waiting, delivered, failed
    }

    package let settings: DeliverySettings
    package let event: DeliverySettings.Event
    package let progress: DeliveryProgress
    /// In the order in which they are done.
    package let parts: [DeliveryPart]

    /// Nil for a job that has not ended and is not held, or whose queue has nothing to do then.
    ///
    /// - Throws: ``DocumentError`` for settings that this version does not know.
    package init?(_ replay: JobReplay) throws(DocumentError) {
        guard let json = replay.acceptance?.delivery, let progress = replay.delivery,
            let event = DeliverySettings.Event(replay.life.state), let settings = try DeliverySettings(json)
        else { return nil }
        let files: [DeliveryPart] = settings.folder != nil && event != .held ? [.file] : []
        parts = files + (settings.hooks[event] ?? []).indices.map(DeliveryPart.hook)
        if parts.isEmpty { return nil }
        (self.settings, self.event, self.progress) = (settings, event, progress)
    }

    package func entry(of part: DeliveryPart) -> DeliveryProgress.Entry {
        progress.parts[part] ?? DeliveryProgress.Entry()
    }

    package func hook(_ index: Int) -> DeliverySettings.Hook? {
        guard let hooks = settings.hooks[event], hooks.indices.contains(index) else { return nil }
        return hooks[index]
    }

    /// The first part that is due.
    package func due(at now: Timestamp) -> DeliveryPart? {
        parts.first { part in
            let entry = entry(of: part)
            return entry.status == .waiting && entry.retryAt.map { $0 <= now } ?? true
        }
    }

    /// When the next part is due, at the earliest the beginning of time; nil when nothing is left to do.
    package var nextDue: Timestamp? {
        parts.map(entry).filter { $0.status == .waiting }
            .map { $0.retryAt ?? Timestamp(milliseconds: 0) }.min()
    }

    package var status: Status {
        let states = parts.map { entry(of: $0).status }
        return states.contains(.failed) ? .failed : states.contains(.waiting) ? .waiting : .delivered
    }

    /// Why it is not done, as a sentence without its full stop; nil before a failure, and when all is done.
    package var reason: String? {
        let open = parts.map { ($0, entry(of: $0)) }.filter { $0.1.status != .done && $0.1.failure != nil }
        guard let (part, entry) = open.first(where: { $0.1.status == .failed }) ?? open.first,
            let failure = entry.failure
        else { return nil }
        let what = part == .file ? "delivery" : "hook \(entry.program ?? "")"
        let then = entry.retryAt.map { "; again at \($0.text)" } ?? "; given up after attempt \(entry.attempts)"
        return "\(what): \(failure.message)\(then)"
    }
}

extension DeliverySettings.Event {
    /// Nil for a state in which there is nothing to tell.
    init?(_ state: JobLife.State) {
        switch state {
        case .ended(.completed, _): self = .completed
        case .ended: self = .failed
        case .held: self = .held
        case .absent, .waiting, .running, .deferred: return nil
        }
    }
}
