-- What the gateways say they have written, to be compared with the ledger: one row per spool file and
-- hour. A file counted again gives the same figures; the count that covers more of it stands.

CREATE TABLE spend_counts (
    hour timestamptz NOT NULL,
    gateway_id text NOT NULL,
    segment bigint NOT NULL,
    first_id text NOT NULL,
    covered bigint NOT NULL,
    began bigint NOT NULL CHECK (began >= 0),
    ended bigint NOT NULL CHECK (ended >= 0),
    interrupted bigint NOT NULL CHECK (interrupted >= 0),
    uncalled bigint NOT NULL CHECK (uncalled >= 0),
    written_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (hour, gateway_id, segment, first_id)
);
