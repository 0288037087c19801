/// A drain came to its end, and drops lie in the inboxes that cannot be taken out of them.
package struct DropsLeft: Error, Equatable, CustomStringConvertible {
    package var count: Int

    package init(count: Int) { self.count = count }

    package var description: String {
        "\(count == 1 ? "1 drop" : "\(count) drops") could not be taken and stayed in the inbox; the log says why"
    }
}
