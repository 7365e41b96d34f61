/* db_copy.c - a copy of the database while it is written.
 *
 * After a checkpoint the file alone is the whole database, and with the one
 * connection in WAL mode nothing but a checkpoint writes into it: so while
 * checkpoints wait, its bytes are a consistent copy, as they were at the
 * beginning. SQLite's backup interface would need a second file in the state
 * directory, which a server that is almost out of space does not have, and would
 * begin again at each commit of another connection.
 *
 * The bytes are read through SQLite's own file: opening and closing the file
 * again would drop the locks of this process (fcntl). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/store/db_int.h"

enum { COPY_PIECE = 1 << 20 };

int db_copy_begin(struct db *db)
{
	struct db_copy_place *c = &db->copy;
	sqlite3_file *f = NULL;
	sqlite3_int64 size;
	int r;

	if (c->on)
		return ERR_STATE;
	if ((r = db_scrub(db)) != 0)
		return r;
	if (sqlite3_file_control(
		db->sql, "main", SQLITE_FCNTL_FILE_POINTER, &f) != SQLITE_OK ||
	    f->pMethods->xFileSize(f, &size) != SQLITE_OK)
		return db_damaged(db, "its file has no size");
	*c = (struct db_copy_place){.on = true, .size = size};
	return 0;
}

static int write_all(int fd, const uint8_t *p, size_t n)
{
	ssize_t done;

	while (n > 0) {
		done = write(fd, p, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return ERR_IO;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

int db_copy(struct db *db, int fd, bool *more)
{
	struct db_copy_place *c = &db->copy;
	sqlite3_file *f = NULL;
	int64_t left = c->size - c->at;
	int n = left < COPY_PIECE ? (int)left : COPY_PIECE, rc, r = ERR_IO;
	uint8_t *piece = malloc(COPY_PIECE);

	if (piece == NULL)
		return ERR_NOMEM;
	rc = sqlite3_file_control(
	    db->sql, "main", SQLITE_FCNTL_FILE_POINTER, &f);
	if (rc == SQLITE_OK)
		rc = f->pMethods->xRead(f, piece, n, c->at);
	if (rc == SQLITE_OK && (r = write_all(fd, piece, (size_t)n)) != 0)
		snprintf(db->why, sizeof(db->why), "cannot write the copy: %s",
		    strerror(errno));
	else if (rc != SQLITE_OK)
		snprintf(db->why, sizeof(db->why), "%s", sqlite3_errstr(rc));
	free(piece);
	if (rc != SQLITE_OK || r != 0)
		return ERR_IO;
	c->at += n;
	*more = c->at < c->size;
	return 0;
}

void db_copy_end(struct db *db)
{
	if (!db->copy.on)
		return;
	db->copy = (struct db_copy_place){.on = false};
	/* What was destroyed in the meantime; if it fails, the next sweep does
	 * it. */
	(void)!db_scrub(db);
}
