/* db_sql.c - the statements of the database. */
#include "server/store/db_int.h"

/* As db_segment_row reads it. */
#define SEGMENT \
	"SELECT id, room, first, n, run, chain, heads, bodies FROM segment "

/* clang-format off */
const char *const db_sql[DB_STATEMENTS] = {
	[DB_BEGIN] = "BEGIN IMMEDIATE",
	[DB_COMMIT] = "COMMIT",
	[DB_ROLLBACK] = "ROLLBACK",
	[DB_META_MAKE] = "INSERT INTO meta VALUES (1, 0, 0, ?1, 0)",
	[DB_META_GET] = "SELECT run, ticket, key_check, counted FROM meta",
	[DB_META_RUN] = "UPDATE meta SET run = ?1, ticket = 0",
	[DB_META_TICKET] = "UPDATE meta SET ticket = ?1",
	[DB_META_COUNTED] = "UPDATE meta SET counted = ?1",
	[DB_RUN_ADD] = "INSERT INTO run VALUES (?1, ?2)",
	[DB_RUN_FIND] = "SELECT id FROM run WHERE session = ?1",
	[DB_RUN_GET] = "SELECT session FROM run WHERE id = ?1",
	[DB_ROOM_PUT] =
	    "INSERT INTO room VALUES "
	    "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, NULL) "
	    "ON CONFLICT (id) DO UPDATE SET name = ?2, topic = ?3, listed = ?4, "
	    "invited = ?5, history = ?6, keep_days = ?7, keep_count = ?8, "
	    "operators_only = ?9, sealed = ?10, maker = ?11, log = ?12, "
	    "entered = ?13",
	[DB_ROOM_GET] =
	    "SELECT id, history, keep_days, keep_count, log FROM room "
	    "WHERE id >= ?1 ORDER BY id LIMIT 1",
	[DB_ROOM_BEFORE] = "SELECT before FROM room WHERE id = ?1",
	[DB_ROOM_BEFORE_SET] = "UPDATE room SET before = ?2 WHERE id = ?1",
	[DB_ROOM_FORGET] = "DELETE FROM room WHERE id = ?1",
	[DB_ROOMS] =
	    "SELECT id, name, topic, listed, invited, history, keep_days, "
	    "keep_count, operators_only, sealed, maker, log, entered "
	    "FROM room ORDER BY id",
	[DB_RIGHT_PUT] =
	    "INSERT OR REPLACE INTO rights VALUES "
	    "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
	[DB_RIGHT_FORGET] = "DELETE FROM rights WHERE room = ?1 AND identity = ?2",
	[DB_RIGHTS_FORGET] = "DELETE FROM rights WHERE room = ?1",
	[DB_RIGHTS] = "SELECT * FROM rights ORDER BY room, identity",
	[DB_EPOCH_PUT] =
	    "INSERT INTO epoch VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6) "
	    "ON CONFLICT DO NOTHING",
	[DB_EPOCH_GET] =
	    "SELECT base, roster FROM epoch "
	    "WHERE room = ?1 AND run = ?2 AND epoch = ?3",
	[DB_EPOCH_USE] =
	    "UPDATE epoch SET uses = uses + ?4 "
	    "WHERE room = ?1 AND run = ?2 AND epoch = ?3",
	[DB_EPOCHS_FORGET] = "DELETE FROM epoch WHERE room = ?1",
	/* The newest of this run is needed by what comes next, and one before
	 * it by what its members had under way: ?2 is some time ago. */
	[DB_EPOCHS_UNUSED] =
	    "DELETE FROM epoch WHERE uses <= 0 AND (run <> ?1 OR (made < ?2 AND "
	    "epoch < (SELECT max(e.epoch) FROM epoch e "
	    "WHERE e.room = epoch.room AND e.run = ?1)))",
	[DB_PERSON_PUT] =
	    "INSERT INTO person VALUES (?1, ?2, 0, ?3, ?4) "
	    "ON CONFLICT DO UPDATE SET json = ?3, sum = ?4",
	[DB_PERSON_GET] =
	    "SELECT json, sum FROM person WHERE run = ?1 AND member = ?2",
	[DB_PERSON_USE] =
	    "UPDATE person SET uses = uses + ?3 WHERE run = ?1 AND member = ?2",
	/* Those of this run may speak again. */
	[DB_PEOPLE_UNUSED] = "DELETE FROM person WHERE uses <= 0 AND run <> ?1",
	[DB_RUNS_UNUSED] =
	    "DELETE FROM run WHERE id <> ?1 AND "
	    "id NOT IN (SELECT run FROM person) AND "
	    "id NOT IN (SELECT run FROM epoch)",
	[DB_SEGMENT_PUT] =
	    "INSERT INTO segment VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[DB_SEGMENT_AT] =
	    SEGMENT "WHERE room = ?1 AND first <= ?2 "
	    "ORDER BY first DESC LIMIT 1",
	[DB_SEGMENTS_FROM] =
	    SEGMENT "WHERE room = ?1 AND first >= ?2 ORDER BY first",
	[DB_SEGMENTS_ALL] =
	    SEGMENT "WHERE (room, first) > (?1, ?2) ORDER BY room, first",
	[DB_SEGMENTS_UNCOUNTED] =
	    SEGMENT "WHERE id > ?1 ORDER BY id",
	[DB_SEGMENTS_BEFORE] =
	    "SELECT first, n, heads FROM segment "
	    "WHERE room = ?1 AND first < ?2 ORDER BY first DESC",
	[DB_SEGMENT_BEFORE] =
	    "SELECT first, n, chain FROM segment "
	    "WHERE room = ?1 AND first < ?2 ORDER BY first DESC LIMIT 1",
	[DB_SEGMENT_OLDEST] =
	    "SELECT first FROM segment WHERE room = ?1 ORDER BY first LIMIT 1",
	[DB_SEGMENT_LAST_ID] = "SELECT max(id) FROM segment",
	[DB_SEGMENT_SET] =
	    "UPDATE segment SET first = ?2, n = ?3, heads = ?4, bodies = ?5 "
	    "WHERE id = ?1",
	[DB_SEGMENT_FORGET] = "DELETE FROM segment WHERE id = ?1",
	[DB_SEGMENTS_FORGET] = "DELETE FROM segment WHERE room = ?1",
	[DB_EPOCHS_ALL] = "SELECT room, run, epoch, base, roster FROM epoch",
	[DB_PEOPLE_ALL] = "SELECT json, sum FROM person",
	[DB_ACCOUNT_PUT] =
	    "INSERT INTO account VALUES (?1, ?2, ?3, ?4, ?5) "
	    "ON CONFLICT (key) DO UPDATE SET name = ?2, salt = ?4, "
	    "password = ?5",
	[DB_ACCOUNT_FORGET] = "DELETE FROM account WHERE key = ?1",
	[DB_ACCOUNTS] =
	    "SELECT key, name, made, salt, password FROM account ORDER BY made",
	[DB_DEVICE_PUT] =
	    "INSERT OR REPLACE INTO device VALUES (?1, ?2, ?3, ?4)",
	[DB_DEVICE_FORGET] =
	    "DELETE FROM device WHERE account = ?1 AND identity = ?2",
	[DB_DEVICES_FORGET] = "DELETE FROM device WHERE account = ?1",
	[DB_DEVICES] = "SELECT account, identity, first, last FROM device",
	[DB_INVITE_PUT] =
	    "INSERT OR REPLACE INTO invite VALUES "
	    "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[DB_INVITE_FORGET] = "DELETE FROM invite WHERE id = ?1",
	[DB_INVITES_OF_FORGET] = "DELETE FROM invite WHERE whose = ?1",
	[DB_INVITES] =
	    "SELECT id, uses, left, until, role, room, by, whose, salt, secret "
	    "FROM invite",
	[DB_RIGHTS_OF_FORGET] = "DELETE FROM rights WHERE identity = ?1",
	[DB_DIRECT_KEYS] =
	    "INSERT INTO direct_device VALUES (?1, ?2, 0, ?3, ?4) "
	    "ON CONFLICT (identity) DO UPDATE SET account = ?2, lasting = ?3, "
	    "certificate = ?4",
	[DB_DIRECT_ONCE] =
	    "INSERT INTO direct_once (identity, key) VALUES (?1, ?2)",
	[DB_DIRECT_GIVEN] =
	    "DELETE FROM direct_once "
	    "WHERE identity = ?1 AND substr(key, 1, 32) = ?2",
	[DB_DIRECT_ONCE_FORGET] = "DELETE FROM direct_once WHERE identity = ?1",
	[DB_DIRECT_NUMBER] =
	    "UPDATE direct_device SET number = ?2 "
	    "WHERE identity = ?1 AND number < ?2",
	[DB_DIRECT_FRAME] =
	    "INSERT INTO direct_frame "
	    "(identity, number, ts, account, sender, name, body) "
	    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[DB_DIRECT_GONE] =
	    "DELETE FROM direct_frame WHERE identity = ?1 AND number <= ?2",
	[DB_DIRECT_FORGET] = "DELETE FROM direct_device WHERE identity = ?1",
	[DB_DIRECT_DEVICES] =
	    "SELECT identity, account, number, lasting, certificate "
	    "FROM direct_device",
	[DB_DIRECT_ONCES] =
	    "SELECT key FROM direct_once WHERE identity = ?1 ORDER BY id",
	[DB_DIRECT_HEADS] =
	    "SELECT identity, number, ts, account, sender, name, length(body) "
	    "FROM direct_frame ORDER BY identity, number",
	[DB_DIRECT_FRAMES] =
	    "SELECT identity, number, ts, account, sender, name, "
	    "length(body), body FROM direct_frame "
	    "WHERE identity = ?1 AND number >= ?2 ORDER BY number LIMIT ?3",
	[DB_BLOCK] = "INSERT OR IGNORE INTO block VALUES (?1, ?2)",
	[DB_UNBLOCK] = "DELETE FROM block WHERE account = ?1 AND other = ?2",
	[DB_UNBLOCK_ALL] = "DELETE FROM block WHERE account = ?1 OR other = ?1",
	[DB_BLOCKS] = "SELECT account, other FROM block",
};
/* clang-format on */
