import Client
import Documents
import Jobs
import Spool

extension InboxReport {
    /// The most drops of an inbox that get a line of their own.
    private static let shownMax = 5

    /// Sentences, each about one thing.
    func lines(now: Timestamp) -> [String] {
        inboxes.flatMap { Self.lines($0, now: now) } + strays.map(Self.line)
    }

    private static func lines(_ inbox: Inbox, now: Timestamp) -> [String] {
        let path = SpoolLayout.inbox(of: inbox.queue)
        let atLeast = inbox.survey.isComplete ? "" : "at least "
        var lines: [String] = []
        for reason in SkipReason.allCases {
            guard let pile = inbox.survey.leftAlone[reason] else { continue }
            let files = pile.count == 1 ? "1 file" : "\(pile.count) files"
            let age = pile.oldest.map { ", \(pile.count == 1 ? "" : "the oldest ")\(spaced(now - $0))" } ?? ""
            lines.append("\(path): \(atLeast)\(files) left alone \(reason.phrase)\(age)")
        }
        for (drop, reason) in inbox.waiting.prefix(shownMax) {
            lines.append(
                "\(path): \(drop.drop.shownName) waits: \(reason.phrase); last changed \(spaced(now - drop.changedAt)) ago"
            )
        }
        let more = inbox.waiting.count - shownMax
        if more > 0 { lines.append("\(path): \(more) more wait likewise") }
        if !inbox.survey.isComplete { lines.append("\(path): has more than \(namesMax) names; only so many were read") }
        return lines
    }

    private static func line(_ stray: StrayFiles) -> String {
        let atLeast = stray.count == StrayFiles.countMax ? "at least " : ""
        let files = stray.count == 1 ? "1 file" : "\(stray.count) files"
        guard let directory = stray.directory else {
            let them = stray.count == 1 ? "it lies" : "they lie"
            return "inbox: \(atLeast)\(files) in no queue's directory; \(them) there untouched"
        }
        return "inbox/\(directory): \(atLeast)\(files), and no queue of that name; the directory is left alone"
    }

    /// `3 d`, `40 s`.
    private static func spaced(_ duration: Duration) -> String {
        let text = duration.roundedText
        let number = text.prefix { !$0.isLetter }
        return "\(number) \(text.dropFirst(number.count))"
    }
}
