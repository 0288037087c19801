/// How long a drop must have stayed the same before it is taken.
package struct QuietTimes: Sendable, Equatable {
    /// Every drop, also one that the kernel knows to have no writer: for writers that close a file and open it again.
    package var settle: Duration
    /// An empty one: many writers make the file first and bring the bytes later.
    package var empty: Duration = .zero
    /// One with a second link, which its writer may be about to remove.
    package var link: Duration = .zero
    /// Where the kernel cannot tell whether there is a writer: on network filesystems, and of files of other users.
    package var untold: Duration
    /// The same of a file that was there before the daemon watched, so that not even its arrival was seen.
    package var unseen: Duration = .seconds(10)
    /// The same of a file that was seen to be made and not to be closed. It would be for ever, but that an event may
    /// have been lost.
    package var open: Duration = .seconds(900)
    /// A temporary name behind an id: a submitter meant that file, or a program transfers one of that name just now.
    package var named: Duration = .seconds(2)

    /// - Parameters:
    ///   - settle: Every drop.
    ///   - untold: Where the kernel cannot tell whether there is a writer.
    package init(settle: Duration = .zero, untold: Duration) { (self.settle, self.untold) = (settle, untold) }

    /// Before a second link is looked at again.
    static let linkLook: Duration = .seconds(1)
}
