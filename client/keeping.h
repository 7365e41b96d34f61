/* keeping.h - whether the user keeps transcripts: the session that makes their
 * entries, the files, and what the user is told. */
#ifndef CONCLAVE_KEEPING_H
#define CONCLAVE_KEEPING_H

#include "client/outcome.h"
#include "client/transcript.h"
#include "client/ui/ui.h"

struct keeping {
	struct session *session;   /* borrowed, like all but `files` */
	struct transcripts *files; /* owned */
	const char *folder;	   /* for the user */
	/* It is shown TRANSCRIPT, and an ERROR with the word "transcript". */
	const struct ui_ops *ops;
	struct ui *ui;
	struct outcome *outcome; /* what was to be kept is not */
};

/* The files, in the folder that the options name. ERR_NOMEM. The rest of *k is
 * the caller's. */
int keeping_open(struct keeping *k, const struct client_options *o,
    struct crypto *crypto, const struct identity *identity,
    struct helper *helper) MUST_CHECK;
/* From the beginning, if the options want it. False: it cannot be, and the program
 * is to end. */
bool keeping_begin(const struct keeping *k, const struct client_options *o);
/* Begins, or ends: of direct messages, or of rooms. An error is in *why, and nothing
 * is kept then. */
int keeping_set(const struct keeping *k, bool direct, bool on,
    struct errmsg *why) MUST_CHECK;
/* An event of the session. True: it was for the files alone. */
bool keeping_event(const struct keeping *k, const struct event *e);
/* Writes what waits. */
void keeping_flush(const struct keeping *k);
/* The program ends. keeping_close: frees the files. */
void keeping_end(const struct keeping *k);
void keeping_close(struct keeping *k);

#endif
