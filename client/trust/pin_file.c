/* pin_file.c - divides known_people among its pins, and writes it. */
#include <string.h>

#include "client/trust/pin_file.h"
#include "shared/wire/text.h"

/* Removing lines means writing the whole file: remove some more than needed, so
 * that it is not written for every new pin. */
enum { SLACK = 64 << 10, FILE_QUARTER = FILE_MAX / 4 };

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* --- planning ------------------------------------------------------------- */

struct space {
	size_t own, others;	      /* bytes of the file; own: unverified */
	size_t own_seen, others_seen; /* of these, "seen" */
	size_t want;		      /* bytes of the new lines */
};

static void measure(struct space *s, const struct pins *t,
    const uint8_t server[WIRE_HASH], size_t total)
{
	const struct pin *p;
	bool own;
	size_t i, len;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < t->n; i++) {
		p = &t->all[i];
		len = pins_line_len(p);
		own = memcmp(p->server, server, WIRE_HASH) == 0;
		if (p->state == PIN_WAITS && own)
			s->want += len;
		if (p->state != PIN_SAVED || p->mark == PIN_VERIFIED)
			continue;
		if (own)
			s->own += len;
		if (own && p->mark == PIN_SEEN)
			s->own_seen += len;
		if (!own && p->mark == PIN_SEEN)
			s->others_seen += len;
	}
	s->others = total > s->own ? total - s->own : 0;
}

/* What a server's unverified pins may take. */
static size_t share(size_t others)
{
	return others > FILE_MAX ? 0 : (FILE_MAX - others) / 4 * 3;
}

void pin_file_plan(struct pin_plan *out, struct pins *t,
    const uint8_t server[WIRE_HASH], size_t total)
{
	struct space s;
	struct pin *p;
	size_t i, need, left;
	bool any = false;

	measure(&s, t, server, total);
	*out = (struct pin_plan){.rewrite = false};
	memcpy(out->server, server, WIRE_HASH);
	need = s.own + s.want;
	if (need > share(s.others)) {
		out->drop_own =
		    least(s.own_seen, need - share(s.others) + SLACK);
		s.own -= out->drop_own;
		need -= out->drop_own;
	}
	if (need > share(s.others) && need <= FILE_QUARTER) {
		out->drop_others =
		    least(s.others_seen, (need - share(s.others)) * 2 + SLACK);
		s.others -= out->drop_others;
	}
	left = share(s.others) > s.own ? share(s.others) - s.own : 0;
	for (i = 0; i < t->n; i++) {
		p = &t->all[i];
		if (p->state != PIN_WAITS ||
		    memcmp(p->server, server, WIRE_HASH) != 0)
			continue;
		need = pins_line_len(p);
		p->state = need <= left ? PIN_CHOSEN : PIN_REFUSED;
		if (p->state == PIN_REFUSED)
			continue;
		left -= need;
		out->rewrite = out->rewrite || p->replaces;
		any = true;
	}
	if (!any)
		out->drop_own = out->drop_others = 0;
	if (out->drop_own > 0 || out->drop_others > 0)
		out->rewrite = true;
}

/* --- writing -------------------------------------------------------------- */

int pin_file_append(struct buf *out, const struct pins *t)
{
	size_t i;
	int r = 0;

	for (i = 0; i < t->n && r == 0; i++)
		if (t->all[i].state == PIN_CHOSEN && !t->all[i].replaces)
			r = pins_line(out, &t->all[i]);
	return r;
}

/* Whether a line goes; counts it. */
static bool dropped(
    struct pin_plan *plan, const struct pin *pin, size_t line_len)
{
	bool own = memcmp(pin->server, plan->server, WIRE_HASH) == 0;
	size_t *left = own ? &plan->drop_own : &plan->drop_others;

	if (pin->mark != PIN_SEEN || *left == 0)
		return false;
	*left -= least(*left, line_len);
	return true;
}

/* Writes what stands in place of a pin's line, if anything does. Returns false
 * when the line stays. */
typedef bool replace(
    void *arg, const struct pin *pin, struct buf *out, int *err);

static bool by_chosen(
    void *arg, const struct pin *pin, struct buf *out, int *err)
{
	const struct pin *ours =
	    pins_find_key(arg, pin->server, pin->name, pin->identity);

	if (ours == NULL || ours->state != PIN_CHOSEN || !ours->replaces)
		return false;
	*err = pins_line(out, ours);
	return true;
}

struct decision {
	const struct pin *pin;
	bool written;
};

static bool by_decision(
    void *arg, const struct pin *pin, struct buf *out, int *err)
{
	struct decision *d = arg;

	if (!text_same_name(pin->name, d->pin->name) ||
	    memcmp(pin->identity, d->pin->identity, WIRE_HASH) != 0 ||
	    memcmp(pin->server, d->pin->server, WIRE_HASH) != 0)
		return false;
	*err = d->written ? 0 : pins_line(out, d->pin);
	d->written = true;
	return true;
}

/* Copies the file, with its replacements and without what the plan drops. */
static int copy(struct buf *out, struct pin_plan *plan, replace *replaced,
    void *arg, struct records *in, struct errmsg *why)
{
	const char *line, *what;
	struct pin pin;
	size_t len;
	int r, err;

	while (records_line(in, &line, &len)) {
		r = pins_parse(&pin, line, len, &what);
		if (r == ERR_USAGE)
			return records_refuse(in, what, why);
		if (r == 0 && replaced(arg, &pin, out, &err)) {
			if (err != 0)
				return err;
			continue;
		}
		if (r == 0 && dropped(plan, &pin, len + 1))
			continue;
		if ((r = buf_put(out, line, len)) != 0 ||
		    (r = buf_u8(out, '\n')) != 0)
			return r;
	}
	return 0;
}

int pin_file_rewrite(struct buf *out, struct pins *t, struct pin_plan *plan,
    const char *path, const char *text, size_t n, struct errmsg *why)
{
	struct records in;
	int r;

	if ((r = records_begin(&in, path, text, n, why)) != 0 ||
	    (r = copy(out, plan, by_chosen, t, &in, why)) != 0)
		return r;
	return pin_file_append(out, t);
}

int pin_file_decide(struct buf *out, const struct pin *decision,
    const char *path, const char *text, size_t n, struct errmsg *why)
{
	size_t len = pins_line_len(decision), over;
	struct pin_plan plan = {.rewrite = true};
	struct decision d = {.pin = decision};
	struct records in;
	int r;

	over = n > FILE_MAX - len ? n - (FILE_MAX - len) + SLACK : 0;
	plan.drop_own = plan.drop_others = over;
	memcpy(plan.server, decision->server, WIRE_HASH);
	if ((r = records_begin(&in, path, text, n, why)) != 0 ||
	    (r = copy(out, &plan, by_decision, &d, &in, why)) != 0)
		return r;
	return d.written ? 0 : pins_line(out, decision);
}
