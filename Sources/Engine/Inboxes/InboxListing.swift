/// The drops that a scan of an inbox found and that the engine has not considered yet.
struct InboxListing: Sendable {
    /// Sorted last to first.
    private var drops: [DropOrderKey]
    /// Whether the inbox had more drops than were kept.
    let isCut: Bool

    init(_ drops: consuming [DropOrderKey] = [], isCut: Bool = false) {
        drops.sort(by: >)
        self.drops = drops
        self.isCut = isCut
    }

    var isEmpty: Bool { drops.isEmpty }

    /// Removes and returns the next drops, `count` at most.
    mutating func next(_ count: Int) -> [DropOrderKey] {
        let taken = drops.suffix(count)
        drops.removeLast(taken.count)
        return taken.reversed()
    }
}
