/* make_record.h - `conclaved --make-record`: asks for the room's password and
 * writes its record (auth/record_file.h), so that no file holds the password. */
#ifndef CONCLAVED_MAKE_RECORD_H
#define CONCLAVED_MAKE_RECORD_H

#include "server/auth/record_file.h"
#include "server/options.h"
#include "shared/os/errmsg.h"

/* Writes options->make_record, or DIR/record of the state directory. An older
 * record there is replaced, and that is said; any other file stays. Started by
 * root, it works as the owner of the folder, like the server that will read it.
 * The password is that of the options; without one, it is asked for twice.
 * ERR_USAGE, ERR_OUTPUT and others, with a sentence. */
int make_record(struct server_options *options, const struct rng *rng,
    struct errmsg *why) MUST_CHECK;

/* --- its parts, for conclavectl -------------------------------------------- */

/* Asks for a password twice, on the terminal, and puts its NFC into *password, a
 * secret buffer. ERR_USAGE: no terminal, or no password after three tries. */
int make_record_ask(struct buf *password, struct errmsg *why) MUST_CHECK;

/* The folder of a record, entered. All zeros: none. */
struct record_folder {
	const char *name;     /* of the file, from here; borrowed */
	bool there;	      /* a record has that name, and will be replaced */
	bool entered, became; /* for make_record_leave */
	int back;
};
/* Looks at the file at `path`, and, started by root, goes into its folder and
 * becomes the folder's owner, so that whoever owns the folder cannot lead root to
 * another file by a link. make_record_leave undoes that, also after a
 * failure. */
int make_record_enter(
    struct record_folder *f, const char *path, struct errmsg *why) MUST_CHECK;
int make_record_put(const struct record_folder *f, const char *path,
    const struct record_file *record, struct errmsg *why) MUST_CHECK;
void make_record_leave(struct record_folder *f);

#endif
