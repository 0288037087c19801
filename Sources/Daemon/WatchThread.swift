import Dispatch
import Spool

/// The thread on which inotify is read: it blocks there for as long as nothing happens.
struct WatchThread {
    private let watch: InboxWatch

    init(_ watch: InboxWatch) {
        self.watch = watch
        DispatchQueue(label: "agentspool.watch").async { watch.run() }
    }

    func stop() { watch.stop() }
}
