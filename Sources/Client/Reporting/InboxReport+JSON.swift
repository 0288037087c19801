package import Documents
import Jobs
import Spool

extension InboxReport {
    /// One object for each inbox.
    package var json: JSON {
        .array(
            inboxes.map { inbox in
                [
                    "queue": .string(inbox.queue), "path": .string(SpoolLayout.inbox(of: inbox.queue)),
                    "complete": .bool(inbox.survey.isComplete), "drops": .int(Int64(inbox.survey.count)),
                    "left_alone": .array(
                        SkipReason.allCases.compactMap { reason in
                            inbox.survey.leftAlone[reason].map { pile in
                                [
                                    "reason": .string(reason.rawValue), "count": .int(Int64(pile.count)),
                                    "oldest_at": JSON(pile.oldest?.text),
                                ]
                            }
                        }
                    ),
                    "waiting": .array(
                        inbox.waiting.map { drop, reason in
                            [
                                "name": .string(drop.drop.shownName), "waits_for": .string(reason.rawValue),
                                "why": .string(reason.phrase), "since": .string(drop.changedAt.text),
                            ]
                        }
                    ),
                ]
            }
        )
    }

    /// One object for each place without a queue.
    package var straysJSON: JSON {
        .array(
            strays.map { stray in
                [
                    "path": .string(stray.directory.map { "inbox/\($0)" } ?? "inbox"),
                    "count": .int(Int64(stray.count)),
                ]
            }
        )
    }
}
