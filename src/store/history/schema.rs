//! The tables. Names and columns are what an operator types: a change of them is a new
//! [`VERSION`], and an older file is set aside and made again from the journal.
//!
//! Numbers of money and quantity are exact decimal text; times are nanoseconds since the Unix epoch
//! with the same as ISO 8601 text beside them; `sequence` is the record of the journal that a row
//! comes from.

/// What the file says it is (`PRAGMA application_id`): `TKHI`.
pub(super) const APPLICATION: i64 = 0x544B_4849;

/// Of the tables (`PRAGMA user_version`).
pub(super) const VERSION: i64 = 1;

/// Makes all of them.
pub(super) const CREATE: &str = "
CREATE TABLE journal_position (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    sequence INTEGER NOT NULL,
    mono_ns INTEGER NOT NULL,
    unix_ns INTEGER NOT NULL,
    context TEXT NOT NULL
) STRICT;

CREATE TABLE runs (
    sequence INTEGER PRIMARY KEY,
    epoch INTEGER NOT NULL,
    unix_ns INTEGER NOT NULL,
    at TEXT GENERATED ALWAYS AS
        (strftime('%Y-%m-%dT%H:%M:%fZ', unix_ns / 1000000 / 1000.0, 'unixepoch')),
    mode TEXT NOT NULL,
    version TEXT NOT NULL,
    config_hash TEXT NOT NULL
) STRICT;

CREATE TABLE orders (
    sequence INTEGER PRIMARY KEY,
    idempotency_key TEXT NOT NULL UNIQUE,
    epoch INTEGER NOT NULL,
    number INTEGER NOT NULL,
    unix_ns INTEGER NOT NULL,
    created_at TEXT GENERATED ALWAYS AS
        (strftime('%Y-%m-%dT%H:%M:%fZ', unix_ns / 1000000 / 1000.0, 'unixepoch')),
    strategy TEXT,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL,
    time_in_force TEXT NOT NULL,
    purpose TEXT NOT NULL,
    price TEXT NOT NULL,
    qty TEXT NOT NULL,
    parent TEXT,
    status TEXT NOT NULL,
    filled_qty TEXT NOT NULL,
    reason TEXT,
    venue_order_id INTEGER,
    updated_sequence INTEGER NOT NULL,
    updated_unix_ns INTEGER NOT NULL,
    updated_at TEXT GENERATED ALWAYS AS
        (strftime('%Y-%m-%dT%H:%M:%fZ', updated_unix_ns / 1000000 / 1000.0, 'unixepoch')),
    UNIQUE (epoch, number)
) STRICT;
CREATE INDEX orders_by_time ON orders (unix_ns);

CREATE TABLE fills (
    sequence INTEGER PRIMARY KEY,
    unix_ns INTEGER NOT NULL,
    at TEXT GENERATED ALWAYS AS
        (strftime('%Y-%m-%dT%H:%M:%fZ', unix_ns / 1000000 / 1000.0, 'unixepoch')),
    symbol TEXT NOT NULL,
    trade_id INTEGER NOT NULL,
    idempotency_key TEXT,
    epoch INTEGER,
    number INTEGER,
    owner TEXT NOT NULL,
    venue_order_id INTEGER,
    strategy TEXT,
    side TEXT NOT NULL,
    price TEXT NOT NULL,
    qty TEXT NOT NULL,
    fee TEXT,
    fee_asset TEXT,
    liquidity TEXT NOT NULL,
    venue_unix_ms INTEGER
) STRICT;
CREATE UNIQUE INDEX fills_once
    ON fills (symbol, trade_id,
              coalesce(epoch || '-' || number, owner || ' ' || venue_order_id, owner));
CREATE INDEX fills_by_order ON fills (epoch, number);
CREATE INDEX fills_by_time ON fills (unix_ns);

CREATE TABLE positions (
    sequence INTEGER NOT NULL,
    unix_ns INTEGER NOT NULL,
    at TEXT GENERATED ALWAYS AS
        (strftime('%Y-%m-%dT%H:%M:%fZ', unix_ns / 1000000 / 1000.0, 'unixepoch')),
    source TEXT NOT NULL CHECK (source IN ('strategy', 'exchange')),
    strategy TEXT NOT NULL,
    symbol TEXT NOT NULL,
    qty TEXT NOT NULL,
    entry_price TEXT,
    PRIMARY KEY (sequence, symbol)
) STRICT;
CREATE INDEX positions_by_name ON positions (source, strategy, symbol, sequence);

CREATE TABLE trading_pnl (
    sequence INTEGER PRIMARY KEY,
    unix_ns INTEGER NOT NULL,
    at TEXT GENERATED ALWAYS AS
        (strftime('%Y-%m-%dT%H:%M:%fZ', unix_ns / 1000000 / 1000.0, 'unixepoch')),
    source TEXT NOT NULL CHECK (source IN ('trade', 'funding', 'transfer', 'other')),
    strategy TEXT,
    symbol TEXT,
    asset TEXT NOT NULL,
    realised TEXT,
    fees TEXT,
    net TEXT,
    amount TEXT
) STRICT;
CREATE INDEX trading_pnl_by_name ON trading_pnl (strategy, symbol, sequence);

CREATE TABLE gaps (
    from_sequence INTEGER NOT NULL,
    to_sequence INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (from_sequence, reason)
) STRICT;

CREATE VIEW positions_latest AS
    SELECT * FROM positions AS p WHERE sequence = (
        SELECT max(q.sequence) FROM positions AS q
        WHERE q.source = p.source AND q.strategy = p.strategy AND q.symbol = p.symbol);

CREATE VIEW trading_pnl_latest AS
    SELECT * FROM trading_pnl AS p WHERE source = 'trade' AND sequence = (
        SELECT max(q.sequence) FROM trading_pnl AS q
        WHERE q.strategy = p.strategy AND q.symbol = p.symbol);

INSERT INTO journal_position VALUES (1, 0, 0, 0, '');
";
