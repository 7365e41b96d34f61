/* transfers_user.c - files as the user has to do with them: what is sent, offered,
 * fetched and cancelled. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/session/transfers_int.h"
#include "shared/wire/text.h"

/* --- the user -------------------------------------------------------------------- */

/* The last part of a path; what does not fit is cut at a whole character. */
static void offered_name(char out[WIRE_FILE_NAME_MAX + 1], const char *path)
{
	const char *slash = strrchr(path, '/');

	text_filter_fixed(out, WIRE_FILE_NAME_MAX + 1,
	    slash != NULL ? slash + 1 : path,
	    strlen(slash != NULL ? slash + 1 : path));
}

static int fill_send(struct transfers *t, struct transfer *x,
    const struct file_opened *f, const struct transfers_to *to)
{
	const struct rng *rng = &t->o.parties->rng;
	struct file_record *r = x->record;
	int e;

	r->own = true;
	r->stamp = f->stamp;
	if (to->room != NULL)
		snprintf(r->room, sizeof(r->room), "%s", to->name);
	else
		snprintf(r->with, sizeof(r->with), "%s", to->name);
	snprintf(r->from, sizeof(r->from), "%s", t->o.parties->self.name);
	snprintf(r->place, sizeof(r->place), "%s", f->place);
	offered_name(r->offer.name, f->place);
	r->offer.key.file = f->size;
	if ((e = rng->fill(rng->arg, r->offer.id, WIRE_ID)) != 0 ||
	    (e = rng->fill(rng->arg, r->offer.key.key, WIRE_KEY)) != 0)
		return e;
	return transfer_path(x, f->place);
}

int transfers_send(struct transfers *t, const struct transfers_to *to,
    const char *path, uint32_t *number, struct errmsg *why)
{
	struct file_opened f = {.handle = -1};
	struct transfer *x;
	int r;

	if (t->o.ops.open == NULL)
		return errmsg_set(why, ERR_USAGE, "files cannot be sent here");
	if ((r = t->o.ops.open(t->o.ops.arg, path, &f, why)) != 0)
		return r;
	x = f.size <= WIRE_BLOB_MAX - WIRE_BLOB_STEP ? transfer_new(t) : NULL;
	if (x == NULL)
		r = errmsg_set(why, ERR_LIMIT,
		    "%s is not sent: it is too large, or too many files are "
		    "on their way",
		    path);
	else if ((r = fill_send(t, x, &f, to)) != 0)
		errmsg_set(why, r, "%s", err_str(r));
	t->o.ops.close(t->o.ops.arg, f.handle);
	if (r != 0) {
		if (x != NULL)
			transfer_free(t, x);
		return r;
	}
	transfer_describe(x);
	x->file.room = to->room;
	x->step = STEP_START;
	x->file.state = FILE_WAITING;
	*number = x->file.number;
	return 0;
}

/* The part of an offered file that is made for it. */
static int make_part(struct transfers *t, struct transfer *x, const char *name,
    struct errmsg *why)
{
	struct file_opened f = {.handle = -1};
	int r = t->o.ops.create(t->o.ops.arg, name, &f, why);

	if (r != 0)
		return r;
	t->o.ops.close(t->o.ops.arg, f.handle);
	snprintf(x->record->place, sizeof(x->record->place), "%s", f.place);
	if (name != x->record->offer.name)
		snprintf(x->record->offer.name, sizeof(x->record->offer.name),
		    "%.*s", WIRE_FILE_NAME_MAX, name);
	if ((r = t->o.ops.keep(t->o.ops.arg, x->record, why)) != 0) {
		t->o.ops.drop(t->o.ops.arg, x->record->place);
		x->record->place[0] = '\0';
		return r;
	}
	x->kept = true;
	return 0;
}

int transfers_get(
    struct transfers *t, uint32_t number, const char *name, struct errmsg *why)
{
	struct transfer *x = transfer_numbered(t, number);
	int r;

	if (x == NULL)
		return errmsg_set(why, ERR_ABSENT,
		    "there is no file %u: /files lists them", (unsigned)number);
	if (x->record->own)
		return errmsg_set(
		    why, ERR_USAGE, "file %u is yours", (unsigned)number);
	if (x->step != STEP_REST)
		return errmsg_set(why, ERR_STATE,
		    "file %u is on its way already", (unsigned)number);
	r = make_part(t, x, name != NULL ? name : x->record->offer.name, why);
	if (r != 0)
		return r;
	x->named = true;
	x->resumed = false;
	x->step = STEP_START;
	x->file.state = FILE_WAITING;
	x->file.done = 0;
	x->file.path = "";
	return 0;
}

int transfers_cancel(struct transfers *t, uint32_t number)
{
	struct transfer *x = transfer_numbered(t, number);

	if (x == NULL)
		return ERR_ABSENT;
	if (x->step == STEP_REST || x->step == STEP_SENT)
		return ERR_STATE;
	transfer_fail(t, x, "cancelled", "it was cancelled");
	return 0;
}

const struct session_file *transfers_at(const struct transfers *t, size_t i)
{
	const struct transfer *x = NULL;
	uint32_t after = 0;
	size_t k;

	/* In the order of their numbers; there are few. */
	for (;; i--) {
		x = NULL;
		for (k = 0; k < TRANSFERS_MAX; k++)
			if (t->all[k].record != NULL &&
			    t->all[k].file.number > after &&
			    (x == NULL ||
				t->all[k].file.number < x->file.number))
				x = &t->all[k];
		if (x == NULL || i == 0)
			return x == NULL ? NULL : &x->file;
		after = x->file.number;
	}
}

const struct session_file *transfers_numbered(
    const struct transfers *t, uint32_t number)
{
	const struct transfer *x = transfer_numbered(t, number);

	return x == NULL ? NULL : &x->file;
}

size_t transfers_busy(const struct transfers *t)
{
	size_t i, n = 0;

	for (i = 0; i < TRANSFERS_MAX; i++)
		n += t->all[i].step != STEP_REST;
	return n;
}

/* --- offers ----------------------------------------------------------------------- */

static struct transfer *of_id(struct transfers *t, const uint8_t id[WIRE_ID])
{
	size_t i;

	for (i = 0; i < TRANSFERS_MAX; i++)
		if (t->all[i].record != NULL &&
		    memcmp(t->all[i].record->offer.id, id, WIRE_ID) == 0)
			return &t->all[i];
	return NULL;
}

static void accept(struct transfers *t, struct transfer *x, struct event *e)
{
	const struct person *who = e->person;
	struct errmsg why;

	if (e->past || who->trust == TRUST_CHANGED || who->trust == TRUST_NEW ||
	    t->o.ops.open == NULL ||
	    !t->o.ops.accept(t->o.ops.arg, who->name, x->file.size))
		return;
	if (transfers_get(t, x->file.number, NULL, &why) != 0)
		transfer_event(t, x, EVENT_FILE_DONE, "disk", why.text);
}

static void offered(struct transfers *t, struct event *e)
{
	struct transfer *x = of_id(t, e->offer->id);

	if (x != NULL) {
		/* Ours, or one that an earlier run had begun. */
		x->file.room = e->room;
		e->file_number = x->file.number;
		if (e->own && e->past && x->step != STEP_REST)
			transfer_done(t, x); /* that run has offered it */
		return;
	}
	if ((x = transfer_new(t)) == NULL)
		return;
	x->record->own = e->own;
	x->record->offer = *e->offer;
	snprintf(x->record->room, sizeof(x->record->room), "%s", e->room_name);
	if (e->with != NULL)
		snprintf(x->record->with, sizeof(x->record->with), "%s",
		    e->with);
	snprintf(
	    x->record->from, sizeof(x->record->from), "%s", e->person->name);
	transfer_describe(x);
	x->file.room = e->room;
	x->file.state = e->own ? FILE_SHARED : FILE_OFFERED;
	e->file_number = x->file.number;
	if (!e->own)
		accept(t, x, e);
}

bool transfers_event(struct transfers *t, struct event *e)
{
	if (e->type == EVENT_FILE)
		offered(t, e);
	e->file = transfers_numbered(t, e->file_number);
	return e->file != NULL;
}

void transfers_sent(struct transfers *t, const uint8_t id[WIRE_ID])
{
	struct transfer *x = of_id(t, id);

	if (x != NULL && x->step == STEP_SENT)
		transfer_done(t, x);
}

/* The message that offers a file is dropped: nobody can get it. */
static void unsaid(struct transfers *t, const struct event *e)
{
	struct transfer *x = of_id(t, e->id);

	if (x != NULL && x->step == STEP_SENT)
		transfer_fail(t, x, "refused",
		    e->text_len > 0 ? e->text
				    : "the message that offers it was dropped");
}

const struct event *transfers_next(struct transfers *t)
{
	const struct event *e;

	while ((e = events_next(t->o.events)) != NULL) {
		if (e->type == EVENT_SENT)
			transfers_sent(t, e->id);
		if (e->type == EVENT_UNSAID)
			unsaid(t, e);
		if (e->type != EVENT_FILE && e->file_number == 0)
			return e;
		t->shown = *e;
		if (transfers_event(t, &t->shown))
			return &t->shown;
	}
	return NULL;
}
