import Documents
import Jobs

/// Which names in an inbox are no drops: names that programs give to unfinished files, or to files of their own.
///
/// Comparisons ignore case: files also come from machines that ignore it.
package enum DropName {
    /// Whether a name begins with a job's id and `-`, as `submit` writes it: it is always taken, whatever its ending.
    package static func hasID(_ name: [UInt8]) -> Bool {
        name.count > JobID.length + 1 && name[JobID.length] == UInt8(ascii: "-")
            && JobID(String(decoding: name[..<JobID.length], as: UTF8.self)) != nil
    }

    /// Whether a name is one that programs give to a file that they still write, or made for themselves.
    package static func isTemporary(_ name: [UInt8]) -> Bool {
        switch (name.first, name.last) {
        // .DS_Store, ._x, .nfs0001, .fuse_hidden1, .~lock.x#, .x.swp, .syncthing.x.tmp, rsync's .x.AbC123, lftp's .in.x
        case (UInt8(ascii: "."), _): return true
        case (_, UInt8(ascii: "~")): return true
        // Emacs saves by itself as #x#.
        case (UInt8(ascii: "#"), UInt8(ascii: "#")): return true
        default: break
        }
        if name.first == UInt8(ascii: "~") {
            // Office puts ~$x beside an open document as its lock.
            if name.count > 1, name[1] == UInt8(ascii: "$") { return true }
            if folded(name.prefix(11)) == "~syncthing~" { return true }
        }
        if let dot = name.lastIndex(of: UInt8(ascii: ".")), name.count - dot <= endingMax {
            let ending = folded(name[(dot + 1)...])
            if endings.contains(ending) || ending.hasPrefix("part-frag") { return true }
        }
        return (name.count <= wholeMax && whole.contains(folded(name[...]))) || isNumberedTemporary(name)
    }

    /// `x.tmp.4711` and `x.tmp-4711`: names that programs give to a file before they rename it.
    private static func isNumberedTemporary(_ name: [UInt8]) -> Bool {
        var rest = name[...]
        while let last = rest.last, isDigit(last) {
            rest = rest.prefix(upTo: (rest.lastIndex { !isDigit($0) } ?? -1) + 1)
            guard let mark = rest.popLast(), mark == UInt8(ascii: ".") || mark == UInt8(ascii: "-") else {
                return false
            }
            if rest.count > 4, folded(rest.suffix(4)) == ".tmp" { return true }
        }
        return false
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// Folds ASCII only: no name here has other letters.
    private static func folded(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    private static let endings: Set<String> = [
        // Programs of every kind.
        "tmp", "temp", "part", "partial", "incomplete", "inprogress", "uploading", "writing", "_copying_",
        // Browsers and download programs.
        "crdownload", "download", "opdownload", "crswap", "aria2", "ytdl", "!ut", "!qb", "bc!", "jc!",
        // Programs that transfer and synchronize.
        "filepart", "rclone-partial", "rsync-partial", "lftp-pget-status", "bts", "!sync",
        // Vim.
        "swp", "swo", "swn", "swx", "swpx",
    ]
    private static let endingMax = 18

    private static let whole: Set<String> = [
        // Vim creates this to find out whether it may write.
        "4913",
        "thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "icon\r",
        // Directories that filesystems, Windows and network storage make by themselves.
        "lost+found", "$recycle.bin", "system volume information", "@eadir", "#recycle",
    ]
    private static let wholeMax = 26
}

/// Why a file in an inbox is left where it is.
package enum SkipReason: String, Sendable, CaseIterable {
    case temporary
    case ignored
    case notAccepted = "not_accepted"

    /// As in "14 files left alone …".
    package var phrase: String {
        switch self {
        case .temporary: "as temporary"
        case .ignored: "by the queue's ignore"
        case .notAccepted: "because the queue's accept has no such names"
        }
    }
}

/// Which names a queue takes.
package struct NameRules: Sendable, Equatable {
    /// Names that are left alone.
    package var ignore: [NamePattern]
    /// The only names that are taken; empty for all.
    package var accept: [NamePattern]

    package init(ignore: [NamePattern] = [], accept: [NamePattern] = []) {
        (self.ignore, self.accept) = (ignore, accept)
    }

    /// Why a file of that name is left alone; nil when it is a drop.
    ///
    /// A name with an id is always a drop: its submitter chose the name on purpose, or the daemon returned the drop to
    /// its inbox after a crash.
    package func leftAlone(_ name: [UInt8]) -> SkipReason? {
        if DropName.hasID(name) { return nil }
        if DropName.isTemporary(name) { return .temporary }
        if ignore.isEmpty, accept.isEmpty { return nil }
        let folded = NamePattern.folded(name)
        if ignore.contains(where: { $0.fits(folded) }) { return .ignored }
        return accept.isEmpty || accept.contains { $0.fits(folded) } ? nil : .notAccepted
    }
}
