-- SPDX-License-Identifier: MIT
-- Layout of a store of version 1, as the first program made it.

CREATE TABLE chip (
	chip_id INTEGER PRIMARY KEY,
	unique_id TEXT NOT NULL UNIQUE,
	revision INTEGER NOT NULL,
	is_emulated INTEGER NOT NULL CHECK (is_emulated IN (0, 1)),
	created_utc INTEGER NOT NULL);

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
	log TEXT NOT NULL);

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

CREATE TABLE verdict ( -- the newest row of a result counts; each row seals all before it
	verdict_id INTEGER PRIMARY KEY,
	result_id INTEGER NOT NULL REFERENCES result,
	at_utc INTEGER NOT NULL,
	valid INTEGER NOT NULL CHECK (valid IN (0, 1)),
	reason TEXT NOT NULL,
	actor TEXT NOT NULL,
	seal BLOB NOT NULL CHECK (length(seal) = 32));

CREATE TABLE migration ( -- one row for each version this file has had; sha256 of the layout then
	version INTEGER PRIMARY KEY,
	applied_utc INTEGER NOT NULL,
	software TEXT NOT NULL,
	sha256 BLOB NOT NULL CHECK (length(sha256) = 32));
