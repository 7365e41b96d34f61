/* control_backup.c - the request for a copy of the database: the keeper writes it
 * into a file that conclavectl has opened, so that neither needs a path of the
 * other's. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/admin/control_int.h"

/* Shared with the thread that says how it went. Its client looks at each tick. */
struct control_backup {
	atomic_int refs;
	atomic_bool done; /* after what follows was set */
	int err;
	char text[256];
};

static void unref(struct control_backup *b)
{
	if (atomic_fetch_sub(&b->refs, 1) == 1)
		free(b);
}

void control_backup_forget(struct control_client *c)
{
	if (c->backup != NULL)
		unref(c->backup);
	c->backup = NULL;
}

/* From the store's thread. */
static void backed_up(void *arg, int err, const char *text)
{
	struct control_backup *b = arg;

	b->err = err;
	snprintf(b->text, sizeof(b->text), "%s", text);
	atomic_store(&b->done, true);
	unref(b);
}

static void more_backup(struct control_client *c)
{
	struct control_backup *b = c->backup;

	if (b == NULL || !atomic_load(&b->done))
		return;
	audit_write(c->of->o.audit,
	    &(struct audit_row){.act = b->err == 0 ? "backup" : "backup failed",
		.by = c->by,
		.text = b->err == 0 ? NULL : b->text});
	if (b->err == 0)
		control_done(c);
	else
		control_failed(c, "failed", b->text);
	control_backup_forget(c);
}

void control_backup_begin(struct control_client *c)
{
	const struct admin_main *m = &c->of->o.main;
	struct control_backup *b;
	int fd = c->given, r;

	c->given = -1;
	if (fd < 0) {
		control_failed(c, "usage",
		    "a backup needs the descriptor of a file (SCM_RIGHTS)");
		return;
	}
	if ((b = calloc(1, sizeof(*b))) == NULL) {
		close(fd);
		control_failed(c, "failed", err_str(ERR_NOMEM));
		return;
	}
	b->refs = 2;
	r = m->backup(m->arg, fd, backed_up, b);
	if (r == 0) {
		c->backup = b;
		c->more = more_backup;
		return;
	}
	free(b);
	control_failed(c, r == ERR_STATE ? "unavailable" : "failed",
	    r == ERR_STATE ? "this server keeps nothing: it has no database"
			   : err_str(r));
}
