/// The database that an ``IndexWriter`` writes to, and what went wrong with it.
struct IndexConnection {
    /// Nil while none can be opened.
    var database: IndexDatabase?
    /// Whether the database is marked as being written to.
    var isMarked = false
    var replacements = 0
    /// Whether the last try failed; that is logged once, not with every try.
    var isFailing = false
    var isClosed = false
}
