/* editor_helper.h - runs the user's editor for /editor. The main process runs in
 * a sandbox (sandbox.h) that starts no program. A helper process, which was
 * started before, can: it only starts the program that $VISUAL or $EDITOR names
 * (else "editor", else "vi"), in the terminal of ours, on a file that it makes
 * for that. The file has mode 0600 and is in a new folder of mode 0700 in
 * $XDG_RUNTIME_DIR, else $TMPDIR, else /tmp. Both are wiped and removed however
 * the editor ends, with all that it has left in the folder. If the main process
 * ends meanwhile, the editor is ended too. Only SIGKILL of the helper leaves the
 * folder; the next /editor removes it.
 *
 * The helper has no sandbox: the editor is the user's own program, with the
 * user's rights. The text comes from the main process; the program, its
 * arguments and the name of the file do not. */
#ifndef CONCLAVE_EDITOR_HELPER_H
#define CONCLAVE_EDITOR_HELPER_H

#include <stdint.h>

#include "client/helper.h"
#include "shared/wire/bytes.h"

enum {
	EDITOR_HELPER_FILE_MAX = 1 << 20, /* bytes of a file that come back */
	EDITOR_HELPER_END_MS = 3000,	  /* for an editor to end, and wiping */
};

/* How the editor ended. */
struct editor_end {
	enum editor_how {
		EDITOR_SAVED,	 /* exit status 0 */
		EDITOR_FAILED,	 /* value: another exit status */
		EDITOR_KILLED,	 /* value: the signal */
		EDITOR_MISSING,	 /* value: errno of starting it */
		EDITOR_NO_ROOM,	 /* value: errno of making file or folder */
		EDITOR_NO_FILE,	 /* the editor has left no file */
		EDITOR_TOO_LONG, /* the file is longer than FILE_MAX */
	} how;
	int value;
	size_t n;	   /* SAVED, FAILED, KILLED: bytes in the file */
	char program[64];  /* as the user named it */
};

/* Starts the helper; see helper_new. */
struct helper *editor_helper_new(struct buf *wipe);

/* Starts the editor on a text. The name of the file tells the room. The caller
 * gives the terminal back before, and must not use it until helper_fd is
 * readable. *fd is owned by the caller: editor_helper_take closes it. ERR_IO,
 * ERR_NOMEM: nothing was started. */
int editor_helper_ask(struct helper *h, const char *room, const void *text,
    size_t n, int *fd) MUST_CHECK;
/* Once helper_fd is readable: how it ended, and appends the text of the file.
 * ERR_IO: the helper is gone. ERR_NOMEM, ERR_LIMIT: no room for the text. */
int editor_helper_take(struct helper *h, int fd, struct editor_end *out,
    struct buf *text) MUST_CHECK;
/* Instead of it, at the end of the program: wipes the text and closes. */
void editor_helper_drop(int fd);

#endif
