/* transcript_helper.h - opens the files of transcripts, in one folder. The main
 * process runs in a sandbox (sandbox.h) that keeps it from the user's files; a
 * helper process opens these for it, and does nothing else. A file is
 *
 *   FOLDER/ROOM-LOG-NNNN.jsonl      LOG: the first 16 hex digits of the log
 *   FOLDER/@NAME-KEY-NNNN.jsonl     of direct messages with NAME; KEY: those of the
 *                                   server's key
 *
 * a regular file of the user's that nobody else may read (0600), opened for
 * appending and locked. No symbolic link below the folder is followed. A last
 * line that was cut when its writer was killed is taken off. */
#ifndef CONCLAVE_TRANSCRIPT_HELPER_H
#define CONCLAVE_TRANSCRIPT_HELPER_H

#include "client/helper.h"
#include "shared/os/errmsg.h"
#include "shared/wire/wire.h"

/* Starts the helper, with its sandbox or without; see helper_new. folder is an
 * absolute path. */
struct helper *transcript_helper_new(
    const char *folder, bool sandboxed, struct buf *wipe);

enum transcript_open {
	TRANSCRIPT_NEWEST, /* the one with the highest number, or the first */
	TRANSCRIPT_NEXT,   /* a new one, after the newest */
};
struct transcript_file {
	int fd;		 /* the caller's */
	uint32_t number; /* from 1 */
	uint64_t size;
	uint8_t hash[WIRE_HASH]; /* of the last line of it, or of the file
				    before it */
	uint64_t offset;	 /* of the newest entry in it; 0: none */
};
/* Makes the folder, if it is missing. With h NULL, done in this process. ERR_IO,
 * ERR_NOMEM, with a sentence. */
int transcript_helper_folder(
    struct helper *h, const char *folder, struct errmsg *why) MUST_CHECK;
/* Opens a file of a series. ERR_STATE: another program writes it; ERR_IO, ERR_USAGE,
 * ERR_NOMEM: with a sentence. */
struct transcript_series {
	const char *name;   /* of the room, or of the person */
	const uint8_t *log; /* or the server's key: WIRE_LOG bytes */
	bool direct;
};
int transcript_helper_open(struct helper *h, const char *folder,
    const struct transcript_series *s, enum transcript_open how,
    struct transcript_file *out, struct errmsg *why) MUST_CHECK;

#endif
