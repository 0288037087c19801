import Documents

/// How long a drop must have stayed unchanged before it is taken.
package struct StabilityTimes: Sendable, Equatable {
    /// For every drop, even when the kernel reports no writer: some writers close a file and open it again.
    package var settle: Duration
    /// For an empty drop: many writers create the file first and write the bytes later.
    package var empty: Duration = .zero
    /// For a drop with a second link, which its writer may be about to remove.
    package var link: Duration = .zero
    /// Where the kernel cannot tell whether there is a writer: on network filesystems, and for files of other users.
    package var untold: Duration
    /// As ``untold``, for a file that was there before the daemon watched, so that not even its arrival was seen.
    package var unseen: Duration = .seconds(10)
    /// As ``untold``, for a file whose creation was seen and whose close was not. Not endless, because the event of the
    /// close may have been lost.
    package var open: Duration = .seconds(900)
    /// For a temporary name after an id: a submitter chose it, or a program is transferring a file of that name.
    package var named: Duration = .seconds(2)

    /// - Parameters:
    ///   - settle: For every drop.
    ///   - untold: Where the kernel cannot tell whether there is a writer.
    package init(settle: Duration = .zero, untold: Duration) { (self.settle, self.untold) = (settle, untold) }

    /// The time before a second link is looked at again.
    static let linkLook: Duration = .seconds(1)
}
