-- Days whose rows were dropped for their age. An event of such a day that comes late may have had a row:
-- whether it was counted nobody can tell any more, so it is set aside.
CREATE TABLE closed_days (
    day date PRIMARY KEY,
    closed_at timestamptz NOT NULL DEFAULT now()
);
