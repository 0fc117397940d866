-- SPDX-License-Identifier: MIT
-- Version 1 kept arrays and verdicts. Version 2 adds what a platform needs around them: figures of
-- merit, environment, set-ups, tags, claims of running calibrations, and rows that cannot change.

CREATE TABLE setup ( -- where a chip sat, over time
	setup_id INTEGER PRIMARY KEY,
	chip_id INTEGER NOT NULL REFERENCES chip,
	name TEXT NOT NULL,
	fpga INTEGER,
	board TEXT,
	valid_from INTEGER NOT NULL,
	valid_to INTEGER,
	UNIQUE (name, fpga, valid_from));

ALTER TABLE chip ADD COLUMN fuse_dna TEXT;
ALTER TABLE chip ADD COLUMN eeprom_serial TEXT;
ALTER TABLE chip ADD COLUMN label_serial INTEGER;

ALTER TABLE run ADD COLUMN pid INTEGER;
ALTER TABLE run ADD COLUMN heartbeat_utc INTEGER;
ALTER TABLE run ADD COLUMN error TEXT;
ALTER TABLE run ADD COLUMN setup_id INTEGER REFERENCES setup;
ALTER TABLE run ADD COLUMN parent_run INTEGER REFERENCES run;
CREATE UNIQUE INDEX run_one_active ON run (chip_id, kind_id, key_hash)
	WHERE state IN ('claimed', 'running');

CREATE TABLE environment (
	run_id INTEGER NOT NULL REFERENCES run,
	at_utc INTEGER NOT NULL,
	quantity TEXT NOT NULL,
	value REAL NOT NULL,
	PRIMARY KEY (run_id, at_utc, quantity)) WITHOUT ROWID;

CREATE TABLE metric (
	result_id INTEGER NOT NULL REFERENCES result,
	name TEXT NOT NULL,
	scope TEXT NOT NULL,
	idx INTEGER NOT NULL,
	value REAL NOT NULL,
	PRIMARY KEY (result_id, name, scope, idx)) WITHOUT ROWID;

CREATE TABLE tag (
	name TEXT NOT NULL,
	chip_id INTEGER NOT NULL REFERENCES chip,
	result_id INTEGER NOT NULL REFERENCES result,
	set_utc INTEGER NOT NULL,
	PRIMARY KEY (name, chip_id, set_utc)) WITHOUT ROWID;

CREATE INDEX verdict_newest ON verdict (result_id, verdict_id);

CREATE TRIGGER result_no_update BEFORE UPDATE ON result
BEGIN SELECT RAISE(ABORT, 'results are immutable'); END;
CREATE TRIGGER result_no_delete BEFORE DELETE ON result
BEGIN SELECT RAISE(ABORT, 'results are immutable: add a verdict instead'); END;
CREATE TRIGGER array_no_update BEFORE UPDATE ON result_array
BEGIN SELECT RAISE(ABORT, 'results are immutable'); END;
CREATE TRIGGER array_no_delete BEFORE DELETE ON result_array
BEGIN SELECT RAISE(ABORT, 'results are immutable'); END;
CREATE TRIGGER array_no_late_insert BEFORE INSERT ON result_array
WHEN EXISTS (SELECT 1 FROM verdict WHERE result_id = NEW.result_id)
BEGIN SELECT RAISE(ABORT, 'results are immutable'); END;
CREATE TRIGGER metric_no_update BEFORE UPDATE ON metric
BEGIN SELECT RAISE(ABORT, 'results are immutable'); END;
CREATE TRIGGER metric_no_delete BEFORE DELETE ON metric
BEGIN SELECT RAISE(ABORT, 'results are immutable'); END;
CREATE TRIGGER metric_no_late_insert BEFORE INSERT ON metric
WHEN EXISTS (SELECT 1 FROM verdict WHERE result_id = NEW.result_id)
BEGIN SELECT RAISE(ABORT, 'results are immutable'); END;
CREATE TRIGGER verdict_no_update BEFORE UPDATE ON verdict
BEGIN SELECT RAISE(ABORT, 'verdicts are immutable: add another'); END;
CREATE TRIGGER verdict_no_delete BEFORE DELETE ON verdict
BEGIN SELECT RAISE(ABORT, 'verdicts are immutable: add another'); END;
CREATE TRIGGER run_done_no_update BEFORE UPDATE ON run
WHEN OLD.state IN ('done', 'failed', 'aborted')
BEGIN SELECT RAISE(ABORT, 'a finished run is immutable'); END;
CREATE TRIGGER run_no_delete BEFORE DELETE ON run
BEGIN SELECT RAISE(ABORT, 'runs are kept'); END;

CREATE VIEW newest_valid AS
SELECT r.* FROM result r
JOIN verdict v ON v.verdict_id = (SELECT max(verdict_id) FROM verdict WHERE result_id = r.result_id)
WHERE v.valid = 1;
