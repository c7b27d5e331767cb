-- What was asked and answered, of calls for which the settings have it kept. Apart from the rows, which
-- are read often and stay small; by the same days, so that both go at once.

CREATE TABLE spend_bodies (
    day date NOT NULL,
    id uuid NOT NULL,
    asked text NOT NULL,
    answered text NOT NULL,
    cut boolean NOT NULL,
    PRIMARY KEY (day, id)
) PARTITION BY RANGE (day);
