import Dispatch
import Spool

/// The thread that reads inotify; it blocks while there are no events.
struct WatchThread {
    private let watch: InboxWatch

    init(_ watch: InboxWatch) {
        self.watch = watch
        DispatchQueue(label: "agentspool.watch").async { watch.run() }
    }

    func stop() { watch.stop() }
}
