import Documents
import GRDB

/// The tables of the index and their version.
///
/// Nothing here is sensitive: arguments and outputs are kept as redacted summaries only. All of it derives from the job
/// directories, so an index of another version is not changed but made again. Times are milliseconds since 1970, UTC.
enum IndexSchema {
    /// Rises with each change of the tables or of what their rows mean (`PRAGMA user_version`).
    static let version = 7

    /// What a database holds.
    enum Content {
        case empty, current, older, newer
    }

    static func content(of database: Database) throws -> Content {
        guard try database.tableExists("meta") else { return .empty }
        let found = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        return found == version ? .current : found < version ? .older : .newer
    }

    /// Makes all tables in an empty database.
    static func create(in database: Database) throws {
        try database.inTransaction {
            try database.execute(sql: "PRAGMA application_id = \(IndexHeader.applicationID)")
            try database.execute(sql: "PRAGMA user_version = \(version)")
            for part in [tables, calls, indices, triggers] { try database.execute(sql: part) }
            return .commit
        }
    }

    /// All tables that derive from the job directories, each with the columns that order its rows.
    static let derivedTables = [
        "jobs": "job", "labels": "job, key", "steps": "job, path", "model_calls": "job, step, attempt",
        "tool_calls": "job, step, attempt", "events": "job, seq", "counters": "queue, state",
    ]

    private static let tables = """
        CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

        CREATE TABLE jobs (
            job TEXT NOT NULL PRIMARY KEY,
            name TEXT NOT NULL,
            queue TEXT NOT NULL,
            workflow TEXT,
            state TEXT NOT NULL,
            outcome TEXT,
            reason TEXT,
            labels TEXT NOT NULL,
            owner TEXT,
            accepted_at INTEGER,
            started_at INTEGER,
            finished_at INTEGER,
            due_at INTEGER,
            step TEXT,
            attempts INTEGER NOT NULL,
            tokens INTEGER NOT NULL,
            cost_usd REAL NOT NULL,
            seq INTEGER NOT NULL,
            why TEXT,
            truncated INTEGER NOT NULL DEFAULT 0,
            owner_uid INTEGER,
            delivery TEXT,
            delivery_reason TEXT
        ) STRICT;

        CREATE TABLE counters (
            queue TEXT NOT NULL,
            state TEXT NOT NULL,
            count INTEGER NOT NULL,
            PRIMARY KEY (queue, state)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE labels (
            job TEXT NOT NULL,
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            accepted_at INTEGER,
            PRIMARY KEY (job, key)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE steps (
            job TEXT NOT NULL,
            path TEXT NOT NULL,
            kind TEXT NOT NULL,
            status TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            started_at INTEGER,
            finished_at INTEGER,
            duration_ms INTEGER NOT NULL,
            failure_class TEXT,
            message TEXT,
            seq INTEGER NOT NULL,
            PRIMARY KEY (job, path)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE events (
            job TEXT NOT NULL,
            seq INTEGER NOT NULL,
            epoch INTEGER NOT NULL,
            at INTEGER NOT NULL,
            type TEXT NOT NULL,
            step TEXT,
            PRIMARY KEY (job, seq)
        ) STRICT, WITHOUT ROWID;
        """

    /// Each index ends in the order of a list, so that a list reads only as many entries as it shows.
    private static let indices = """
        CREATE INDEX jobs_by_state ON jobs (state, accepted_at, job);
        CREATE INDEX jobs_by_queue ON jobs (queue, state, accepted_at, job);
        CREATE INDEX jobs_by_workflow ON jobs (workflow, state, accepted_at, job);
        CREATE INDEX jobs_by_owner ON jobs (owner, owner_uid, accepted_at, job);
        CREATE INDEX jobs_by_name ON jobs (name, job);
        CREATE INDEX jobs_by_due ON jobs (due_at) WHERE due_at IS NOT NULL;
        CREATE INDEX jobs_done_with_reason ON jobs (finished_at) WHERE state = 'done' AND reason IS NOT NULL;
        CREATE INDEX jobs_by_delivery ON jobs (delivery, finished_at) WHERE delivery IS NOT NULL;
        CREATE INDEX labels_by_value ON labels (key, value, accepted_at, job);
        """

    /// They keep the counts for ``IndexDatabase/counts()``, which would otherwise scan all jobs.
    private static let triggers = """
        CREATE TRIGGER jobs_inserted AFTER INSERT ON jobs BEGIN
            INSERT INTO counters (queue, state, count) VALUES (NEW.queue, NEW.state, 1)
                ON CONFLICT DO UPDATE SET count = count + 1;
        END;
        CREATE TRIGGER jobs_moved AFTER UPDATE OF queue, state ON jobs
        WHEN OLD.queue <> NEW.queue OR OLD.state <> NEW.state BEGIN
            UPDATE counters SET count = count - 1 WHERE queue = OLD.queue AND state = OLD.state;
            DELETE FROM counters WHERE queue = OLD.queue AND state = OLD.state AND count <= 0;
            INSERT INTO counters (queue, state, count) VALUES (NEW.queue, NEW.state, 1)
                ON CONFLICT DO UPDATE SET count = count + 1;
        END;
        CREATE TRIGGER jobs_deleted AFTER DELETE ON jobs BEGIN
            UPDATE counters SET count = count - 1 WHERE queue = OLD.queue AND state = OLD.state;
            DELETE FROM counters WHERE queue = OLD.queue AND state = OLD.state AND count <= 0;
        END;
        """

    /// A call has a row from its start, and its end replaces that row.
    private static let calls =
        ["model", "tool"].map { kind in
            """
            CREATE TABLE \(kind)_calls (
                job TEXT NOT NULL,
                step TEXT NOT NULL,
                attempt INTEGER NOT NULL,
                \(kind) TEXT,
                effect TEXT,
                arguments TEXT,
                status TEXT NOT NULL,
                output TEXT,
                failure_class TEXT,
                message TEXT,
                duration_ms INTEGER NOT NULL,
                input_tokens INTEGER NOT NULL,
                cached_input_tokens INTEGER NOT NULL,
                output_tokens INTEGER NOT NULL,
                cost_usd REAL NOT NULL,
                at INTEGER NOT NULL,
                seq INTEGER NOT NULL,
                PRIMARY KEY (job, step, attempt)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX running_\(kind)_calls ON \(kind)_calls (job) WHERE status = 'running';
            """
        }.joined(separator: "\n")
}
