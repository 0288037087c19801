import Documents
import Foundation
import Jobs
import Spool
import TestKit
import Testing

@testable import Engine

/// The order in which the drops of one inbox are taken: a table of quirks.
@Suite("The order of waiting drops")
struct DropPlaceTests {
    struct Quirk: Sendable, CustomTestStringConvertible {
        var quirk: String
        /// In the order in which they are taken.
        var places: [DropOrderKey]
        var testDescription: String { quirk }
    }

    private static func place(_ name: String, arrival: Int? = nil, modified: Int64 = 0) -> DropOrderKey {
        DropOrderKey(Array(name.utf8), arrival: arrival, modified: modified)
    }

    static let quirks = [
        Quirk(quirk: "the older file comes first", places: [place("b", modified: 1), place("a", modified: 2)]),
        Quirk(
            quirk: "a nanosecond makes a file older",
            places: [place("b", modified: 1_000_000_000), place("a", modified: 1_000_000_001)]
        ),
        Quirk(quirk: "a time before 1970 is older", places: [place("b", modified: -1), place("a", modified: 0)]),
        Quirk(quirk: "files of one time go by name", places: [place("f01"), place("f02"), place("f10")]),
        Quirk(quirk: "names are compared by their bytes", places: [place("B"), place("a"), place("ä")]),
        Quirk(quirk: "digits in names are no numbers", places: [place("f1"), place("f10"), place("f2")]),
        Quirk(quirk: "a name comes before a longer one", places: [place("f"), place("f.txt")]),
        Quirk(quirk: "a name may be no UTF-8", places: [place("z"), DropOrderKey([0xFF, 0x61])]),
        Quirk(
            quirk: "an id before a name does not count",
            places: [place("f01"), place("01M83PKN3X4W1E2J6V9ZACH0E5-f02"), place("f03")]
        ),
        Quirk(
            quirk: "an id decides between two files of one name",
            places: [place("01M83PKN3X4W1E2J6V9ZACH0E5-f"), place("01M83PKN3X4W1E2J6V9ZACH0E6-f")]
        ),
        Quirk(
            quirk: "a file that arrives at a running daemon comes after older ones, whatever its time",
            places: [place("z", modified: 99), place("a", arrival: 1)]
        ),
        Quirk(
            quirk: "files that arrive at a running daemon go by arrival",
            places: [place("c", arrival: 4), place("b", arrival: 7), place("a", arrival: 8)]
        ),
    ]

    @Test(arguments: quirks)
    func `drops are taken in the order of their places`(quirk: Quirk) {
        #expect(quirk.places.reversed().sorted().map(\.name) == quirk.places.map(\.name))
    }

    // MARK: Scans

    private func read(
        _ path: String,
        keptMax: Int = InboxScan.keptMax,
        _ arrivals: @escaping @Sendable () -> InboxWatch.Arrivals = { .none }
    ) throws -> InboxListing {
        let spool = try SpoolRoot(path: path, fileSystem: LinuxFileSystem())
        let scan = InboxScan(queue: "default", NameRules(), spool: spool, keptMax: keptMax, arrivals: arrivals)
        while !scan.isAtEnd { _ = try scan.read() }
        return scan.takeFound()
    }

    private func names(_ listing: inout InboxListing, _ count: Int = .max) -> [String] {
        listing.next(count).map { String(decoding: $0.name, as: UTF8.self) }
    }

    private func withInbox(_ files: [(name: String, seconds: Int)], _ body: (String) async throws -> Void) async throws
    {
        try await withTemporaryDirectory { path in
            try SpoolRoot.create(path: path, queues: ["default"], fileSystem: LinuxFileSystem())
            for (name, seconds) in files {
                let file = "\(path)/inbox/default/\(name)"
                try Data().write(to: URL(fileURLWithPath: file))
                let date = Date(timeIntervalSince1970: Double(seconds))
                try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: file)
            }
            try await body(path)
        }
    }

    @Test func `a scan gives all drops in their order, as many at a time as the caller wants`() async throws {
        try await withInbox([("a", 5), ("b", 3), ("c", 4), ("d.tmp", 1)]) { path in
            var listing = try read(path)
            #expect(!listing.isCut && names(&listing, 2) == ["b", "c"])
            #expect(!listing.isEmpty && names(&listing, 2) == ["a"] && listing.isEmpty)
        }
    }

    @Test func `a scan of more drops than it keeps gives the first ones`() async throws {
        let files = (0..<100).map { (name: "f\($0)", seconds: ($0 * 37) % 100) }
        try await withInbox(files) { path in
            var listing = try read(path, keptMax: 10)
            let wanted = files.sorted { $0.seconds < $1.seconds }.prefix(10).map(\.name)
            #expect(listing.isCut && names(&listing) == wanted)
        }
    }

    @Test func `a scan knows the arrival order of every file that it finds`() async throws {
        try await withInbox([("before", 9)]) { path in
            let watch = try InboxWatch {}
            try watch.watch("default", at: "\(path)/inbox/default")
            // No thread reads the events: the scan does.
            for name in ["c", "a", "b"] { try Data().write(to: URL(fileURLWithPath: "\(path)/inbox/default/\(name)")) }
            var listing = try read(path) { watch.arrivals(in: "default") }
            #expect(names(&listing) == ["before", "c", "a", "b"])
            let file = try #require(FileHandle(forWritingAtPath: "\(path)/inbox/default/c"))
            try file.close()
            listing = try read(path) { watch.arrivals(in: "default") }
            #expect(names(&listing) == ["before", "a", "b", "c"])
        }
    }
}
