/* file.h - a file that is sent, offered or fetched, as the user interfaces see it,
 * and what a session needs of the program to read, write and remember files. */
#ifndef CONCLAVE_SESSION_FILE_H
#define CONCLAVE_SESSION_FILE_H

#include <stdbool.h>

#include "shared/os/errmsg.h"
#include "shared/proto/blob.h"

struct chatroom;

enum file_state {
	FILE_OFFERED, /* by somebody else, and not fetched */
	FILE_WAITING, /* for the link, the server, or its turn */
	FILE_READING, /* to go on: what was moved before is read again */
	FILE_MOVING,
	FILE_SHARED, /* ours: the server has it, and it is offered */
	FILE_SAVED,
	FILE_ENDED, /* it failed or was cancelled */
};

struct session_file {
	uint32_t number; /* from 1, for the user */
	enum file_state state;
	uint8_t id[WIRE_ID];	     /* of the message that offers it */
	bool own;		     /* we send it; else we get it */
	const struct chatroom *room; /* NULL: not in this run */
	const char *room_name; /* "": it is direct: */
	const char *with;      /* the other person, or "" */
	const char *from;    /* who offers it */
	const char *name;    /* as offered: not filtered, may have a path */
	const char *path;    /* own: of the file; SAVED: where; else "" */
	uint64_t size, done; /* bytes */
	uint64_t rate; /* bytes a second of the last seconds; 0: unknown */
};

/* What is kept of a transfer that is not finished, so that a later run of the
 * program goes on with it. */
struct file_record {
	bool own;
	char room[WIRE_ROOM_MAX + 1]; /* or "": */
	char with[WIRE_NAME_MAX + 1];
	char from[WIRE_NAME_MAX + 1];
	char place[4096];	 /* own: the path; else the part */
	uint64_t stamp;		 /* own: of the file as it was opened */
	struct blob_offer offer; /* secret */
};

struct file_opened {
	int handle;
	uint64_t size;
	uint64_t stamp;	  /* differs if the file has changed since */
	char place[4096]; /* own: the path; else the part */
};

/* All return 0 or an error with a sentence. `place` is as in the record. */
struct file_ops {
	/* A file of the user's, to be sent. */
	int (*open)(void *arg, const char *path, struct file_opened *out,
	    struct errmsg *why);
	/* A new file, for the name that was offered; and the same again. */
	int (*create)(void *arg, const char *name, struct file_opened *out,
	    struct errmsg *why);
	int (*again)(void *arg, const char *place, struct file_opened *out,
	    struct errmsg *why);
	/* Exactly n bytes. ERR_STATE: the file is shorter. */
	int (*read)(void *arg, int handle, uint64_t at, void *p, size_t n,
	    struct errmsg *why);
	int (*write)(void *arg, int handle, uint64_t at, const void *p,
	    size_t n, struct errmsg *why);
	uint64_t (*stamp)(void *arg, int handle); /* 0: cannot be told */
	void (*close)(void *arg, int handle);
	/* It is whole: gets its name; *path is where it is now, borrowed until the
	 * next call. Or it is not wanted any more. */
	int (*finish)(void *arg, const char *place, const char *name,
	    const char **path, struct errmsg *why);
	void (*drop)(void *arg, const char *place);
	/* Records: the next of those kept, which is ours from then on; false: there
	 * are no more. */
	bool (*load)(void *arg, struct file_record *out);
	int (*keep)(void *arg, const struct file_record *r, struct errmsg *why);
	void (*forget)(void *arg, bool own, const uint8_t id[WIRE_ID]);
	/* Whether what this person offers is fetched without being asked for. */
	bool (*accept)(void *arg, const char *from, uint64_t size);
	uint64_t (*wall_ms)(void); /* unix time, for offers */
	void *arg;
};

#endif
