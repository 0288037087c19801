import Documents
import HeapModule
import Jobs
import Spool
import SystemPackage

/// One scan of an inbox.
///
/// Keeps only the first ``keptMax`` drops, so that a million of them cost little memory; the next scan finds the
/// others.
// Unchecked is safe: the engine makes one call at a time, and awaits it before the next call and before it drops the
// object.
final class InboxScan: @unchecked Sendable {
    /// Every scan looks at all files; so many jobs share its cost.
    static let keptMax = 65_536
    /// The most names that one call reads; the engine serves other calls between two of them.
    private static let partMax = 16_384

    private var listing: DirectoryListing?
    private let path: String
    private let rules: NameRules
    private let spool: SpoolRoot
    private let keptMax: Int
    private let arrivals: @Sendable () -> InboxWatch.Arrivals

    /// The drops that are kept once more than ``keptMax`` were found.
    private var first = Heap<DropOrderKey>()
    private var places: [DropOrderKey] = []
    /// Whether the inbox has more drops than are kept.
    private var isCut = false
    private(set) var isAtEnd = false
    /// Empty until the scan has read the whole inbox.
    private var found = InboxListing()

    /// - Parameter arrivals: The arrival order of all files that can be read when it is called.
    init(
        queue: String,
        _ rules: NameRules,
        spool: SpoolRoot,
        keptMax: Int = InboxScan.keptMax,
        arrivals: @escaping @Sendable () -> InboxWatch.Arrivals
    ) {
        path = SpoolLayout.inbox(of: queue)
        self.rules = rules
        self.spool = spool
        self.keptMax = keptMax
        self.arrivals = arrivals
    }

    private func open() throws(SpoolError) -> DirectoryListing {
        do throws(Errno) {
            return try DirectoryListing(of: path, in: spool.root)
        } catch {
            throw SpoolError("reading \(path)/", error)
        }
    }

    /// Reads a part of the directory; the caller repeats it until ``isAtEnd``.
    ///
    /// - Returns: The jobs whose claimed drops still lie in this inbox, because it is on another filesystem.
    func read() throws -> [JobName] {
        let listing = try listing ?? open()
        self.listing = listing
        var names: [[UInt8]] = []
        var carried: [JobName] = []
        var count = 0
        while count < Self.partMax {
            guard let name = try listing.next() else {
                isAtEnd = true
                break
            }
            count += 1
            if rules.leftAlone(name) == nil {
                names.append(name)
            } else if let job = SpoolLayout.carriedJob(name) {
                carried.append(job)
            }
        }
        // After the names are read, so that every name has its event by now.
        let arrivals = names.isEmpty ? .none : arrivals()
        for name in names {
            if let arrival = arrivals[name] {
                keep(DropOrderKey(name, arrival: arrival))
            } else {
                keep(DropOrderKey(name, modified: listing.modified(name) ?? .max))
            }
        }
        if isAtEnd { end() }
        return carried
    }

    private func keep(_ place: DropOrderKey) {
        if !isCut {
            if places.count < keptMax { return places.append(place) }
            first = Heap(places)
            places = []
            isCut = true
        }
        if let last = first.max, place < last { first.replaceMax(with: place) }
    }

    /// Sorts the drops here, off the engine's actor.
    private func end() {
        listing = nil
        found = InboxListing(isCut ? first.unordered : places, isCut: isCut)
        (places, first) = ([], Heap())
    }

    /// Removes and returns what the scan found; it has read the whole inbox.
    func takeFound() -> InboxListing {
        defer { found = InboxListing() }
        return found
    }
}
