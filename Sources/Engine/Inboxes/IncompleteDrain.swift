import Documents

/// A drain ended, and the inboxes still hold drops that the daemon cannot move.
package struct IncompleteDrain: Error, Equatable, CustomStringConvertible {
    package var count: Int

    package init(count: Int) { self.count = count }

    package var description: String {
        "\(count == 1 ? "1 drop" : "\(count) drops") could not be taken and stayed in the inbox; the log says why"
    }
}
