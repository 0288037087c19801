import Documents
import Jobs
import Testing

/// What the ends of the daemon say about step `a`.
@Suite struct SuspicionTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var events: [JobEvent]
        var deaths = 0
        var diedAlone = false

        var testDescription: String { name }
    }

    private static func claim(_ end: PreviousRunEnd?) -> JobEvent { .claimed(node: "n", cause: .recovery, after: end) }

    private static func start(_ attempt: Int = 1, isAlone: Bool = false) -> JobEvent {
        var start = StepStart(step: "a", kind: .tool, attempt: attempt)
        start.isAlone = isAlone
        return .stepStarted(start)
    }

    private static let twice = [start(), claim(.crash), start(2), claim(.crash)]
    private static let wait = StepWait(
        step: "a",
        kind: .tool,
        attempt: 1,
        until: Story.time(9),
        reason: "busy",
        wasAsked: false
    )
    private static let alone = [start(isAlone: true), claim(.crashAlone)]

    static let rows = [
        Row(name: "a start is no death", events: [start()]),
        Row(name: "a death while it is under way counts", events: [start(), claim(.crash)], deaths: 1),
        Row(name: "each death counts once", events: twice, deaths: 2),
        Row(name: "a death before it is begun again says nothing new", events: twice + [claim(.crash)], deaths: 2),
        Row(name: "a stop is no evidence", events: [start(), claim(.stop)]),
        Row(name: "a reboot is no evidence", events: [start(), claim(.reboot)]),
        Row(name: "an end that is not known is no evidence", events: [start(), claim(nil)]),
        Row(name: "a stop takes no evidence back", events: twice + [start(3), claim(.stop)], deaths: 2),
        Row(name: "a death while nothing ran clears it", events: twice + [claim(.crashIdle)]),
        Row(
            name: "a death while nothing ran is no evidence about a step that an earlier process left under way",
            events: twice + [start(3), claim(.crashIdle)],
            deaths: 2
        ),
        Row(name: "its own end clears it", events: twice + [Story.done("a")]),
        Row(
            name: "a failure clears it: the daemon did not die",
            events: twice + [Story.failed("a", 3, Failure(.temporary, "busy"), retryAt: Story.time(9))]
        ),
        Row(name: "a wait for its model clears it", events: twice + [.stepWaits(wait)]),
        Row(name: "a person's release clears it", events: twice + [.released(Release(Story.alice))]),
        Row(name: "a death while it ran alone is certainly its own", events: alone, deaths: 1, diedAlone: true),
        Row(name: "a death while another step ran alone does not count", events: [start(), claim(.crashAlone)]),
        Row(
            name: "a death after others joined its run alone counts, but is not certainly its own",
            events: [start(isAlone: true), claim(.crash)],
            deaths: 1
        ),
        Row(
            name: "a death after its run alone had ended does not count",
            events: [start(isAlone: true), Story.done("a"), claim(.crashAlone)]
        ),
        Row(name: "a stop in its run alone is no evidence", events: [start(isAlone: true), claim(.stop)]),
        Row(
            name: "a second death during the recovery changes nothing",
            events: alone + [claim(.crash)],
            deaths: 1,
            diedAlone: true
        ),
        Row(name: "a person's retry clears it after a death in its run alone", events: alone + [.retried(Story.alice)]),
    ]

    @Test(arguments: rows) func `an end of the daemon counts against a step only as far as it is evidence`(row: Row) {
        var ledger = StepLedger()
        for (index, event) in row.events.enumerated() {
            ledger.apply(HistoryRecord(seq: index + 1, epoch: 1, at: Story.time(index), event: event))
        }
        #expect(ledger["a"]?.deaths == row.deaths && ledger["a"]?.diedAlone == row.diedAlone)
    }

    @Test func `a step is suspected after the given number of deaths, until it ends`() {
        var story = Story(Self.start(), Self.claim(.crash), Self.start(2), Self.claim(.crash))
        #expect(story.replay.steps.suspicion(after: 3) == nil)
        #expect(story.replay.steps.suspicion(after: 2) == Suspicion(step: "a", deaths: 2))
        story.add(Story.done("a"))
        #expect(story.replay.steps.suspicion(after: 2) == nil)
    }

    @Test func `the row of a suspected step says why it waits and that it runs alone`() {
        let suspicion = Suspicion(step: "each/3/call", deaths: 3)
        #expect(suspicion.waits == "suspected: the daemon died 3 times while step each/3/call ran; waits to run alone")
        #expect(suspicion.runs == "suspected: the daemon died 3 times while step each/3/call ran; runs alone")
        #expect(Suspicion(step: "a", deaths: 1).runs.contains("died once while"))
    }
}
