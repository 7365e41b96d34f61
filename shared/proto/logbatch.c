/* logbatch.c - encodes and decodes batches of a room's history. */
#include "shared/proto/logbatch.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/secret.h"
#include "shared/proto/group.h"

/* --- the head: decoding --------------------------------------------------- */

/* An array of at most max objects. */
static int get_array(
    const json_t *o, const char *key, size_t max, const json_t **out, size_t *n)
{
	int r = json_arr(o, key, out);

	if (r != 0)
		return r;
	*n = json_array_size(*out);
	return *n <= max ? 0 : ERR_RANGE;
}

static int get_epoch(struct log_batch_epoch *e, const json_t *o)
{
	int r;

	if (!json_is_object(o))
		return ERR_JSON;
	if ((r = json_u32(o, "epoch", &e->epoch)) != 0 ||
	    (r = json_b64(o, "base", e->base, sizeof(e->base))) != 0)
		return r;
	return json_b64(o, "roster", e->roster, sizeof(e->roster));
}

static int get_epochs(struct log_batch_run *run, const json_t *o, size_t *left)
{
	const json_t *a;
	size_t i, n;
	int r;

	if ((r = get_array(o, "epochs", *left, &a, &n)) != 0)
		return r;
	if (n == 0)
		return 0;
	if ((run->epoch = calloc(n, sizeof(run->epoch[0]))) == NULL)
		return ERR_NOMEM;
	run->n_epochs = n;
	*left -= n;
	for (i = 0; i < n; i++) {
		if ((r = get_epoch(&run->epoch[i], json_array_get(a, i))) != 0)
			return r;
		if (i > 0 && run->epoch[i].epoch <= run->epoch[i - 1].epoch)
			return ERR_RANGE;
	}
	return 0;
}

static int get_users(struct log_batch_run *run, const json_t *o, size_t *left)
{
	size_t i;
	int r;

	if ((run->user = calloc(WIRE_PAGE, sizeof(run->user[0]))) == NULL)
		return ERR_NOMEM;
	if ((r = users_decode(run->user, &run->n_users, o)) != 0)
		return r;
	if (run->n_users > *left)
		return ERR_RANGE;
	*left -= run->n_users;
	for (i = 1; i < run->n_users; i++)
		if (run->user[i].member <= run->user[i - 1].member)
			return ERR_RANGE;
	return 0;
}

static int get_runs(struct log_batch *h, const json_t *o)
{
	size_t i, n, epochs = WIRE_HISTORY_EPOCHS, users = WIRE_PAGE;
	struct log_batch_run *run;
	const json_t *a, *each;
	int r;

	if ((r = get_array(o, "runs", WIRE_HISTORY_RUNS, &a, &n)) != 0)
		return r;
	if (n > 0 && (h->run = calloc(n, sizeof(h->run[0]))) == NULL)
		return ERR_NOMEM;
	h->n_runs = n;
	for (i = 0; i < n; i++) {
		run = &h->run[i];
		each = json_array_get(a, i);
		if (!json_is_object(each))
			return ERR_JSON;
		if ((r = json_b64(each, "session", run->session,
			 sizeof(run->session))) != 0 ||
		    (r = get_epochs(run, each, &epochs)) != 0 ||
		    (r = get_users(run, each, &users)) != 0)
			return r;
	}
	return 0;
}

/* Whether the numbers of a head can be. */
static bool range_fits(const struct log_batch *h)
{
	if (h->first == 0 || h->last == 0)
		return h->first == h->last;
	return h->first <= h->last && h->last - h->first < WIRE_HISTORY_MAX &&
	       h->oldest != 0 && h->oldest <= h->first;
}

int log_batch_decode(struct log_batch *out, const json_t *o)
{
	int r;

	memset(out, 0, sizeof(*out));
	if ((r = json_u32(o, "req", &out->number)) != 0 ||
	    (r = json_member(o, "room", &out->room)) != 0 ||
	    (r = json_u63(o, "first", &out->first)) != 0 ||
	    (r = json_u63(o, "last", &out->last)) != 0 ||
	    (r = json_u63(o, "oldest", &out->oldest)) != 0 ||
	    (r = json_b64(o, "chain", out->chain, sizeof(out->chain))) != 0)
		return r;
	if (out->number < 1 || out->number > WIRE_REQ_MAX || !range_fits(out))
		return ERR_RANGE;
	return get_runs(out, o);
}

void log_batch_free(struct log_batch *h)
{
	struct log_batch_run *run;
	size_t i;

	for (i = 0; i < h->n_runs; i++) {
		run = &h->run[i];
		if (run->epoch != NULL)
			secret_wipe(
			    run->epoch, run->n_epochs * sizeof(run->epoch[0]));
		free(run->epoch);
		free(run->user);
	}
	free(h->run);
	memset(h, 0, sizeof(*h));
}

/* --- the head: encoding --------------------------------------------------- */

static void put_run(struct json_w *w, const struct log_batch_run *run)
{
	size_t i;

	json_open_obj(w, NULL);
	json_put_b64(w, "session", run->session, sizeof(run->session));
	json_open_arr(w, "epochs");
	for (i = 0; i < run->n_epochs; i++) {
		json_open_obj(w, NULL);
		json_put_int(w, "epoch", run->epoch[i].epoch);
		json_put_b64(w, "base", run->epoch[i].base, WIRE_KEY);
		json_put_b64(w, "roster", run->epoch[i].roster, WIRE_HASH);
		json_close(w, '}');
	}
	json_close(w, ']');
	users_encode(w, run->user, run->n_users);
	json_close(w, '}');
}

static bool parts_fit(const struct log_batch *h)
{
	size_t i, epochs = 0, users = 0;

	for (i = 0; i < h->n_runs; i++) {
		epochs += h->run[i].n_epochs;
		users += h->run[i].n_users;
	}
	return h->n_runs <= WIRE_HISTORY_RUNS &&
	       epochs <= WIRE_HISTORY_EPOCHS && users <= WIRE_PAGE &&
	       range_fits(h);
}

int log_batch_encode(struct buf *out, const struct log_batch *h)
{
	const size_t start = out->len;
	struct json_w w;
	size_t i;
	int r;

	if (!parts_fit(h))
		return ERR_LIMIT;
	json_begin(&w, out);
	json_put_str(&w, "type", "history");
	json_put_int(&w, "req", h->number);
	json_put_int(&w, "room", h->room);
	json_put_u63(&w, "first", h->first);
	json_put_u63(&w, "last", h->last);
	json_put_u63(&w, "oldest", h->oldest);
	json_put_b64(&w, "chain", h->chain, WIRE_HASH);
	json_open_arr(&w, "runs");
	for (i = 0; i < h->n_runs; i++)
		put_run(&w, &h->run[i]);
	json_close(&w, ']');
	if ((r = json_end_padded(&w)) != 0)
		return r;
	if (out->len - start <= WIRE_JSON_MAX)
		return 0;
	secret_wipe(out->p + start, out->len - start);
	out->len = start;
	return ERR_LIMIT;
}

/* --- entries -------------------------------------------------------------- */

void log_batch_entry_head(uint8_t out[LOG_BATCH_HEAD], uint16_t run)
{
	out[0] = (uint8_t)(run >> 8);
	out[1] = (uint8_t)run;
}

int log_batch_entry_decode(
    struct log_batch_entry *out, const uint8_t *frame, size_t n)
{
	struct log_batch_entry e = {0};
	struct group_head head;
	int r;

	if (n < LOG_BATCH_HEAD)
		return ERR_RANGE;
	e.run = (uint16_t)(frame[0] << 8 | frame[1]);
	e.body = frame + LOG_BATCH_HEAD;
	e.n = n - LOG_BATCH_HEAD;
	if ((e.is_mark = e.run == LOG_BATCH_MARK))
		r = log_mark_decode(&e.mark, e.body, e.n);
	else if (e.run >= WIRE_HISTORY_RUNS)
		r = ERR_RANGE;
	else
		r = group_head_decode(&head, e.body, e.n);
	if (r == 0)
		*out = e;
	return r;
}
