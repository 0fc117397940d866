-- SPDX-License-Identifier: MIT
-- Layout of a calibration store, version 2. A file of version 1 becomes the same by migrations/.
-- Times are ms since 1970 UTC, hashes are SHA-256. Rows of results are added, never changed.
-- (source: spec/calix_spec.md 9.3)

CREATE TABLE chip (
	chip_id INTEGER PRIMARY KEY,
	unique_id TEXT NOT NULL UNIQUE,
	revision INTEGER NOT NULL,
	is_emulated INTEGER NOT NULL CHECK (is_emulated IN (0, 1)),
	created_utc INTEGER NOT NULL,
	fuse_dna TEXT,
	eeprom_serial TEXT,
	label_serial INTEGER);

CREATE TABLE setup ( -- where a chip sat, over time
	setup_id INTEGER PRIMARY KEY,
	chip_id INTEGER NOT NULL REFERENCES chip,
	name TEXT NOT NULL,
	fpga INTEGER,
	board TEXT,
	valid_from INTEGER NOT NULL,
	valid_to INTEGER,
	UNIQUE (name, fpga, valid_from));

CREATE TABLE software (
	software_id INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	version TEXT NOT NULL,
	commit_hash TEXT NOT NULL,
	UNIQUE (name, version, commit_hash));

CREATE TABLE kind (
	kind_id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	format_version INTEGER NOT NULL);

CREATE TABLE param_def ( -- the dictionary of arrays: values are little-endian, packed
	param_id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	scope TEXT NOT NULL CHECK (scope IN ('chip', 'hemisphere', 'quadrant', 'neuron', 'channel', 'driver', 'synapse', 'board')),
	dtype TEXT NOT NULL CHECK (dtype IN ('u8', 'i8', 'u16', 'i16', 'i32')),
	length INTEGER NOT NULL CHECK (length > 0),
	lo INTEGER NOT NULL,
	hi INTEGER NOT NULL,
	unit TEXT NOT NULL);

CREATE TABLE run ( -- one attempt
	run_id INTEGER PRIMARY KEY,
	uuid BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
	chip_id INTEGER NOT NULL REFERENCES chip,
	kind_id INTEGER NOT NULL REFERENCES kind,
	software_id INTEGER NOT NULL REFERENCES software,
	state TEXT NOT NULL CHECK (state IN ('claimed', 'running', 'done', 'failed', 'aborted')),
	started_utc INTEGER NOT NULL,
	finished_utc INTEGER,
	host TEXT NOT NULL,
	actor TEXT NOT NULL,
	seed BLOB NOT NULL CHECK (length(seed) = 8),
	target_json TEXT NOT NULL CHECK (target_json LIKE '{%}'),
	options_json TEXT NOT NULL CHECK (options_json LIKE '{%}'),
	key_hash BLOB NOT NULL CHECK (length(key_hash) = 32), -- of kind, format, target, options
	log TEXT NOT NULL,
	pid INTEGER,
	heartbeat_utc INTEGER,
	error TEXT,
	setup_id INTEGER REFERENCES setup,
	parent_run INTEGER REFERENCES run);
CREATE UNIQUE INDEX run_one_active ON run (chip_id, kind_id, key_hash)
	WHERE state IN ('claimed', 'running');

CREATE TABLE environment (
	run_id INTEGER NOT NULL REFERENCES run,
	at_utc INTEGER NOT NULL,
	quantity TEXT NOT NULL,
	value REAL NOT NULL,
	PRIMARY KEY (run_id, at_utc, quantity)) WITHOUT ROWID;

CREATE TABLE result (
	result_id INTEGER PRIMARY KEY,
	run_id INTEGER NOT NULL UNIQUE REFERENCES run,
	chip_id INTEGER NOT NULL REFERENCES chip,
	kind_id INTEGER NOT NULL REFERENCES kind,
	key_hash BLOB NOT NULL CHECK (length(key_hash) = 32),
	created_utc INTEGER NOT NULL,
	n_total INTEGER NOT NULL,
	n_success INTEGER NOT NULL,
	payload_sha256 BLOB NOT NULL CHECK (length(payload_sha256) = 32));
CREATE INDEX result_newest ON result (chip_id, kind_id, created_utc DESC);

CREATE TABLE result_array (
	result_id INTEGER NOT NULL REFERENCES result,
	param_id INTEGER NOT NULL REFERENCES param_def,
	sha256 BLOB NOT NULL CHECK (length(sha256) = 32), -- of name, data, success
	data BLOB NOT NULL,
	success BLOB, -- bit array, lowest bit first; NULL = all
	PRIMARY KEY (result_id, param_id)) WITHOUT ROWID;

CREATE TABLE metric (
	result_id INTEGER NOT NULL REFERENCES result,
	name TEXT NOT NULL,
	scope TEXT NOT NULL,
	idx INTEGER NOT NULL,
	value REAL NOT NULL,
	PRIMARY KEY (result_id, name, scope, idx)) WITHOUT ROWID;

CREATE TABLE verdict ( -- the newest row of a result counts; each row seals all before it
	verdict_id INTEGER PRIMARY KEY,
	result_id INTEGER NOT NULL REFERENCES result,
	at_utc INTEGER NOT NULL,
	valid INTEGER NOT NULL CHECK (valid IN (0, 1)),
	reason TEXT NOT NULL,
	actor TEXT NOT NULL,
	seal BLOB NOT NULL CHECK (length(seal) = 32));
CREATE INDEX verdict_newest ON verdict (result_id, verdict_id);

CREATE TABLE tag (
	name TEXT NOT NULL,
	chip_id INTEGER NOT NULL REFERENCES chip,
	result_id INTEGER NOT NULL REFERENCES result,
	set_utc INTEGER NOT NULL,
	PRIMARY KEY (name, chip_id, set_utc)) WITHOUT ROWID;

CREATE TABLE migration ( -- one row for each version this file has had; sha256 of the layout then
	version INTEGER PRIMARY KEY,
	applied_utc INTEGER NOT NULL,
	software TEXT NOT NULL,
	sha256 BLOB NOT NULL CHECK (length(sha256) = 32));

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
