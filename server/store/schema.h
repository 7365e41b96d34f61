/* schema.h - the tables of the database, once, and how an older database
 * becomes one of this version. */
#ifndef CONCLAVED_STORE_SCHEMA_H
#define CONCLAVED_STORE_SCHEMA_H

#include <sqlite3.h>

#include "shared/base/err.h"

/* PRAGMA application_id, "cncl", and user_version. */
enum { SCHEMA_APPLICATION = 0x636e636c, SCHEMA_VERSION = 4 };

/* Brings the database to SCHEMA_VERSION, one step in one transaction each; a
 * new file has version 0. Returns an SQLite result code. SQLITE_SCHEMA: it is
 * of a newer version. SQLITE_NOTADB: it is a database of another program. */
int schema_upgrade(sqlite3 *db) MUST_CHECK;

/* A part of it (schema_segments.c): the rows of `entry` become segments. */
int schema_segments(sqlite3 *db) MUST_CHECK;

#endif
