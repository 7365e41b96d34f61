/* control_files.c - what an administrator asks about people's files. The process
 * that has them is asked for one after the other, in the store's thread; the
 * client looks at each tick whether all are there. */
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "server/admin/control_int.h"
#include "server/store/blob_store.h"
#include "shared/os/vec.h"

enum { FILES_MAX = 1 << 20 };

struct file_row {
	char id[2 * WIRE_BLOB + 1];
	char owner[WIRE_NAME_MAX + 1];
	uint64_t size, made_ms;
	uint32_t pieces;
	bool ended;
};

/* Shared with the store's thread. */
struct control_files {
	atomic_int refs;
	atomic_bool done; /* after what follows was set */
	struct blob_ask_item item;
	uint64_t (*ask)(void *arg, struct blob_ask_item *i);
	void *arg;
	uint8_t code;	      /* of the last answer */
	struct file_row *row; /* owned */
	size_t n, cap, at;
};

static void unref(struct control_files *f)
{
	if (atomic_fetch_sub(&f->refs, 1) != 1)
		return;
	free(f->row);
	free(f);
}

void control_files_forget(struct control_client *c)
{
	if (c->files != NULL)
		unref(c->files);
	c->files = NULL;
}

/* --- in the store's thread ------------------------------------------------- */

static bool add(struct control_files *f, const struct blob_message *m)
{
	static const char digit[] = "0123456789abcdef";
	struct file_row *r;
	size_t i;

	if (f->n >= FILES_MAX ||
	    vec_reserve(&f->row, &f->cap, f->n + 1, sizeof(f->row[0])) != 0)
		return false;
	r = &f->row[f->n++];
	*r = (struct file_row){.size = m->size,
	    .made_ms = m->time,
	    .pieces = m->number,
	    .ended = (m->flags & BLOB_IS_ENDED) != 0};
	for (i = 0; i < WIRE_BLOB; i++) {
		r->id[2 * i] = digit[m->blob[i] >> 4];
		r->id[2 * i + 1] = digit[m->blob[i] & 15];
	}
	if (m->len < sizeof(r->owner))
		memcpy(r->owner, m->bytes, m->len);
	return true;
}

static void finish(struct control_files *f)
{
	atomic_store(&f->done, true);
	unref(f);
}

static struct control_files *of_item(struct blob_ask_item *i)
{
	return (struct control_files *)(void *)((char *)i -
						offsetof(struct control_files,
						    item));
}

static void listed(struct blob_ask_item *i)
{
	struct control_files *f = of_item(i);
	bool more = i->m.code == BLOB_OK && add(f, &i->m);

	f->code = i->m.code == BLOB_OK && !more ? BLOB_FAILED : i->m.code;
	free(i->body);
	if (!more || atomic_load(&f->refs) == 1) { /* nobody waits for it */
		finish(f);
		return;
	}
	i->m.kind = BLOB_ASK_NEXT;
	i->m.flags = 0;
	i->m.bytes = NULL;
	i->m.len = 0;
	(void)f->ask(f->arg, i);
}

static void deleted(struct blob_ask_item *i)
{
	struct control_files *f = of_item(i);

	f->code = i->m.code;
	free(i->body);
	finish(f);
}

/* --- in the loop ------------------------------------------------------------- */

static void put_row(struct control_client *c, const struct file_row *r)
{
	struct json_w w;

	control_row(c, &w, "file");
	json_put_str(&w, "id", r->id);
	json_put_str(&w, "owner", r->owner);
	json_put_u63(&w, "size", r->size);
	json_put_u63(&w, "made", r->made_ms / 1000);
	json_put_int(&w, "pieces", r->pieces);
	json_put_bool(&w, "ended", r->ended);
	control_row_end(c, &w);
}

static void failed(struct control_client *c, uint8_t code)
{
	if (code == BLOB_NONE)
		control_failed(c, "no_file", "there is no such file");
	else
		control_failed(c, "failed",
		    "the process for files does not answer: see the log");
}

static void more_files(struct control_client *c)
{
	struct control_files *f = c->files;

	if (f == NULL || !atomic_load(&f->done))
		return;
	while (c->fd >= 0 && c->out.len < CONTROL_OUT_LOW && f->at < f->n)
		put_row(c, &f->row[f->at++]);
	if (c->fd < 0 || f->at < f->n)
		return;
	if (f->code == BLOB_NONE) /* behind the last */
		control_done(c);
	else
		failed(c, f->code);
	control_files_forget(c);
}

static void more_delete(struct control_client *c)
{
	struct control_files *f = c->files;

	if (f == NULL || !atomic_load(&f->done))
		return;
	if (f->code == BLOB_OK) {
		audit_write(
		    c->of->o.audit, &(struct audit_row){.act = "file_delete",
					.by = c->by,
					.text = c->request.file});
		control_done(c);
	} else {
		failed(c, f->code);
	}
	control_files_forget(c);
}

static void begin(struct control_client *c, enum blob_wire_kind kind,
    void (*got)(struct blob_ask_item *i),
    void (*more)(struct control_client *c))
{
	const struct admin_main *m = &c->of->o.main;
	struct control_files *f;

	if (!m->has_files(m->arg)) {
		control_failed(c, "unavailable", "this server keeps no files");
		return;
	}
	if ((f = calloc(1, sizeof(*f))) == NULL) {
		control_failed(c, "failed", err_str(ERR_NOMEM));
		return;
	}
	f->refs = 2;
	f->ask = m->files;
	f->arg = m->arg;
	f->item.got = got;
	f->item.m.kind = (uint8_t)kind;
	f->item.m.flags =
	    kind == BLOB_ASK_NEXT ? (uint8_t)BLOB_FIRST : (uint8_t)BLOB_ANYBODY;
	memcpy(f->item.m.blob, c->request.blob, WIRE_BLOB);
	c->files = f;
	c->more = more;
	(void)f->ask(f->arg, &f->item);
}

void control_files_list(struct control_client *c)
{
	begin(c, BLOB_ASK_NEXT, listed, more_files);
}

void control_files_delete(struct control_client *c)
{
	begin(c, BLOB_ASK_GONE, deleted, more_delete);
}
