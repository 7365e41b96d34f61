/* trust_find.c - looks a name, and the keys of its devices, up in the rooms and in
 * known_people. */
#include <stdio.h>
#include <string.h>

#include "client/trust/trust_find.h"
#include "shared/wire/b64.h"
#include "shared/wire/text.h"

/* What the user wrote: a name, and the beginning of a key or "". */
struct wanted {
	char name[WIRE_NAME_MAX + 1];
	char key[B64URL_32 + 1];
};

static bool wanted_parse(struct wanted *out, const char *text, size_t n)
{
	size_t len = 0, rest;

	memset(out, 0, sizeof(*out));
	while (len < n && text[len] != ' ' && text[len] != '\t')
		len++;
	if (!text_name(text, len))
		return false;
	memcpy(out->name, text, len);
	while (len < n && (text[len] == ' ' || text[len] == '\t'))
		len++;
	rest = n - len;
	if (rest >= sizeof(out->key))
		return false;
	memcpy(out->key, text + len, rest);
	return true;
}

static bool key_begins(const uint8_t identity[WIRE_HASH], const char *with)
{
	char fp[B64URL_32 + 1];

	b64url_encode32(fp, identity);
	return strncmp(fp, with, strlen(with)) == 0;
}

/* How much a person's key needs the user. */
static int need_of(const struct person *p)
{
	if (p->self)
		return 1;
	return p->trust == TRUST_CHANGED    ? 4
	       : p->trust < TRUST_CERTIFIED ? 3
					    : 2;
}

static const struct person *in_room(const struct trust_scope *in,
    const struct chatroom *room, const struct wanted *want)
{
	const struct person *all, *best = NULL;
	size_t count, i;

	all = session_people(in->session, room, &count);
	for (i = 0; i < count; i++)
		if (text_same_name(all[i].name, want->name) &&
		    key_begins(all[i].fingerprint, want->key) &&
		    (best == NULL || need_of(&all[i]) > need_of(best)))
			best = &all[i];
	return best;
}

/* The room of the scope comes first. */
static const struct person *present(const struct trust_scope *in,
    const struct wanted *want, const struct chatroom **room)
{
	const struct person *p = in_room(in, in->room, want);
	const struct chatroom *const *rooms;
	size_t n, i;

	*room = in->room;
	rooms = session_rooms(in->session, &n);
	for (i = 0; p == NULL && !in->here && i < n; i++) {
		*room = rooms[i];
		p = in_room(in, *room, want);
	}
	if (p == NULL && !in->here) {
		/* In no room of ours, but met by a direct message. */
		*room = NULL;
		p = in_room(in, NULL, want);
	}
	return p;
}

/* The pin of this key; or the oldest of the name that begins so. */
static bool find_pinned(struct pinned *out, const struct trust_scope *in,
    const struct wanted *want, const struct person *p)
{
	struct session_status st;
	struct pinned pin;
	bool any = false;
	size_t i;

	session_status(in->session, &st);
	for (i = 0; people_pinned(in->people, st.server, want->name, i, &pin);
	     i++) {
		if (p != NULL &&
		    memcmp(pin.identity, p->fingerprint, WIRE_HASH) == 0) {
			*out = pin;
			return true;
		}
		if (any || (p == NULL && !key_begins(pin.identity, want->key)))
			continue;
		*out = pin;
		any = true;
	}
	return any;
}

const char *trust_find_where(const struct trust_scope *in)
{
	return in->here ? "that room" : "your rooms";
}

bool trust_find(struct trust_target *out, const struct trust_scope *in,
    const char *name, size_t n, char *sentence, size_t size)
{
	struct wanted want;

	memset(out, 0, sizeof(*out));
	if (!wanted_parse(&want, name, n)) {
		snprintf(sentence, size, "that is not a name");
		return false;
	}
	memcpy(out->name, want.name, sizeof(out->name));
	out->person = present(in, &want, &out->room);
	out->known = find_pinned(&out->pinned, in, &want, out->person);
	if (out->person != NULL || out->known)
		return true;
	snprintf(sentence, size,
	    want.key[0] != '\0'
		? "no key of that name in %s, and none that you know, begins "
		  "like that"
		: "nobody in %s has that name, and you have never met anybody "
		  "with it",
	    trust_find_where(in));
	return false;
}

/* The i-th connection in the room of the target with its name and another key
 * than those before it; *i counts down. */
static const struct person *nth_present(
    const struct trust_scope *in, const struct trust_target *w, size_t *i)
{
	const struct person *all;
	size_t count, k, before;

	if (w->person == NULL)
		return NULL;
	all = session_people(in->session, w->room, &count);
	for (k = 0; k < count; k++) {
		if (!text_same_name(all[k].name, w->name))
			continue;
		for (before = 0; before < k; before++)
			if (text_same_name(all[before].name, w->name) &&
			    memcmp(all[before].fingerprint, all[k].fingerprint,
				WIRE_HASH) == 0)
				break;
		if (before == k && (*i)-- == 0)
			return &all[k];
	}
	return NULL;
}

static bool is_present(const struct trust_scope *in,
    const struct trust_target *w, const uint8_t identity[WIRE_HASH])
{
	const struct person *p;
	size_t i, left;

	for (i = 0; left = i, (p = nth_present(in, w, &left)) != NULL; i++)
		if (memcmp(p->fingerprint, identity, WIRE_HASH) == 0)
			return true;
	return false;
}

bool trust_find_key(struct trust_key *out, const struct trust_scope *in,
    const struct trust_target *w, size_t i)
{
	const struct person *p = nth_present(in, w, &i);
	struct session_status st;
	struct pinned pin;
	size_t k;

	memset(out, 0, sizeof(*out));
	session_status(in->session, &st);
	out->person = p;
	if (p != NULL)
		memcpy(out->identity, p->fingerprint, WIRE_HASH);
	for (k = 0; people_pinned(in->people, st.server, w->name, k, &pin);
	     k++) {
		if (p != NULL
			? memcmp(pin.identity, p->fingerprint, WIRE_HASH) != 0
			: is_present(in, w, pin.identity) || i-- != 0)
			continue;
		memcpy(out->identity, pin.identity, WIRE_HASH);
		memcpy(out->since, pin.since, sizeof(out->since));
		out->pinned = true;
		out->verified = pin.verified;
		return true;
	}
	return p != NULL;
}

bool trust_find_verified(
    const struct session *s, struct people *people, const struct person *p)
{
	struct session_status st;
	struct pinned pin;
	size_t i;

	session_status(s, &st);
	for (i = 0;
	     p != NULL && people_pinned(people, st.server, p->name, i, &pin);
	     i++)
		if (pin.verified)
			return true;
	return false;
}
