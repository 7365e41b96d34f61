/* request.h - what conclavectl asks of a running server: one JSON object on a
 * line, at most REQUEST_MAX bytes. No socket. "do" says what; the table in
 * request.c says which other keys it needs and which it may have. Any other key
 * is an error, so that no wish of an administrator is passed over in silence.
 *
 *   {"do":"people","room":"lobby"}
 *
 * The answers are lines too: any number of objects, then one of
 *   {"type":"done"}
 *   {"type":"failed","code":WORD,"text":SENTENCE} */
#ifndef CONCLAVED_ADMIN_REQUEST_H
#define CONCLAVED_ADMIN_REQUEST_H

#include "server/auth/record_file.h"
#include "shared/wire/wire.h"

enum { REQUEST_MAX = 8 << 10, REQUEST_ROWS_MAX = 1000 };

enum request_what {
	REQUEST_STATUS,
	REQUEST_ROOMS,
	REQUEST_PEOPLE,
	REQUEST_INVITE,
	REQUEST_PASSWORD,
	REQUEST_AUDIT,
	REQUEST_RELOAD,
	REQUEST_METRICS,
	REQUESTS
};

struct request {
	enum request_what what;
	char room[WIRE_ROOM_MAX + 1]; /* "": not given */
	uint32_t count;		      /* rows; 0: not given */
	bool follow;
	struct record_file record; /* secret; only of REQUEST_PASSWORD */
	bool has_record;
};

/* Reads a line without its newline. Otherwise *wrong is a sentence: ERR_JSON,
 * ERR_USAGE, ERR_NOMEM, ERR_CRYPTO. Whatever it returns, wipe it in the end. */
int request_parse(struct request *out, const void *line, size_t n,
    const char **wrong) MUST_CHECK;
void request_wipe(struct request *r);

/* The word after "do". */
const char *request_word(enum request_what what);

#endif
