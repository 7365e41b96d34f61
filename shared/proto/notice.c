/* notice.c - encodes and decodes the server's notices as JSON. */
#include "shared/proto/notice.h"

#include <string.h>

#include "shared/wire/text.h"

static const char *const event_words[] = {
    [NOTICE_JOIN] = "join",
    [NOTICE_LEAVE] = "leave",
    [NOTICE_KICK] = "kick",
    [NOTICE_ACT] = "act",
    [NOTICE_ROOM] = "room",
    [NOTICE_PURGE] = "purge",
    [NOTICE_DEVICE] = "device",
    [NOTICE_CHECKPOINT] = "checkpoint",
};
enum { N_EVENTS = sizeof(event_words) / sizeof(event_words[0]) };

/* Whether these notices are about users. */
static bool about_users(enum notice_event e)
{
	return e == NOTICE_JOIN || e == NOTICE_LEAVE || e == NOTICE_KICK;
}

/* --- decoding ------------------------------------------------------------- */

/* A user's name, or the server's. */
static int get_name(
    const json_t *o, const char *key, char out[WIRE_NAME_MAX + 1])
{
	int r = json_text(o, key, out, WIRE_NAME_MAX);

	if (r == ERR_TEXT)
		return ERR_NAME;
	if (r != 0)
		return r;
	return text_name(out, strlen(out)) || text_reserved(out) ? 0 : ERR_NAME;
}

static int get_flag(const json_t *o, const char *key, bool *out)
{
	const json_t *v = json_object_get(o, key);

	*out = json_is_true(v);
	return v == NULL || json_is_boolean(v) ? 0 : ERR_JSON;
}

static int get_role(struct notice_more *m, const json_t *o)
{
	const char *word;
	size_t len;
	int r = json_str(o, "value", &word, &len);

	if (r != 0)
		return r;
	return role_of(&m->role, word) ? 0 : ERR_RANGE;
}

static int on_act(struct notice_more *m, const json_t *o)
{
	const char *word;
	size_t len;
	int r;

	if ((r = get_name(o, "by", m->by)) != 0 ||
	    (r = get_name(o, "who", m->who)) != 0 ||
	    (r = json_str(o, "act", &word, &len)) != 0 ||
	    (r = get_flag(o, "server", &m->server)) != 0)
		return r;
	m->act = act_of(word);
	if (m->act == ACT_ROLE && (r = get_role(m, o)) != 0)
		return r;
	if (json_object_get(o, "until") != NULL &&
	    (r = json_u63(o, "until", &m->until_ms)) != 0)
		return r;
	if (json_object_get(o, "reason") == NULL)
		return 0;
	return json_text(o, "reason", m->reason, WIRE_SHORT_TEXT_MAX);
}

static int on_room(struct notice_more *m, const json_t *o)
{
	int r;

	if ((r = get_name(o, "by", m->by)) != 0 ||
	    (r = json_text(o, "topic", m->topic, WIRE_SHORT_TEXT_MAX)) != 0)
		return r;
	return room_settings_decode(&m->settings, NULL, o);
}

static int on_purge(struct notice_more *m, const json_t *o)
{
	int r;

	if ((r = get_name(o, "by", m->by)) != 0 ||
	    (r = json_u63(o, "offset", &m->offset)) != 0)
		return r;
	return m->offset != 0 ? 0 : ERR_RANGE;
}

static int on_device(struct notice_more *m, const json_t *o)
{
	int r = get_name(o, "who", m->who);

	return r != 0 ? r
		      : json_b64(o, "identity", m->identity, WIRE_ED25519);
}

static int on_checkpoint(struct notice_more *m, const json_t *o)
{
	int r = json_u63(o, "offset", &m->offset);

	return r != 0 ? r : json_b64(o, "chain", m->chain, WIRE_HASH);
}

static int get_more(struct notice *n, const json_t *o)
{
	struct notice_more *m = &n->more;

	switch (n->event) {
	case NOTICE_LEAVE:
		return get_flag(o, "quit", &m->quit);
	case NOTICE_ACT:
		return on_act(m, o);
	case NOTICE_ROOM:
		return on_room(m, o);
	case NOTICE_PURGE:
		return on_purge(m, o);
	case NOTICE_DEVICE:
		return on_device(m, o);
	case NOTICE_CHECKPOINT:
		return on_checkpoint(m, o);
	default:
		return 0;
	}
}

int notice_decode(struct notice *out, const json_t *o)
{
	size_t i;
	int r;

	if ((r = json_text(o, "event", out->word, WIRE_CODE_MAX)) != 0 ||
	    (r = json_u32(o, "epoch", &out->epoch)) != 0 ||
	    (r = json_b64(o, "commit", out->commit, WIRE_HASH)) != 0 ||
	    (r = json_b64(o, "roster", out->roster, WIRE_HASH)) != 0 ||
	    (r = json_u63(o, "ts", &out->ts)) != 0)
		return r;
	for (i = NOTICE_OTHER + 1; i < N_EVENTS; i++)
		if (strcmp(out->word, event_words[i]) == 0)
			out->event = (enum notice_event)i;
	if ((r = get_more(out, o)) != 0)
		return r;
	/* Only the coming and going of users must name some. */
	if (!about_users(out->event) && json_object_get(o, "users") == NULL)
		return 0;
	return users_decode(out->users, &out->n_users, o);
}

/* --- encoding ------------------------------------------------------------- */

static void put_act(struct json_w *w, const struct notice_more *m)
{
	json_put_str(w, "act", act_word(m->act));
	json_put_str(w, "by", m->by);
	json_put_str(w, "who", m->who);
	if (m->act == ACT_ROLE)
		json_put_str(w, "value", role_word(m->role));
	if (m->until_ms != 0)
		json_put_u63(w, "until", m->until_ms);
	if (m->reason[0] != '\0')
		json_put_str(w, "reason", m->reason);
	if (m->server)
		json_put_bool(w, "server", true);
}

static void put_more(
    struct json_w *w, enum notice_event event, const struct notice_more *m)
{
	if (event == NOTICE_LEAVE && m->quit)
		json_put_bool(w, "quit", true);
	if (event == NOTICE_ACT)
		put_act(w, m);
	if (event == NOTICE_PURGE) {
		json_put_str(w, "by", m->by);
		json_put_u63(w, "offset", m->offset);
	}
	if (event == NOTICE_DEVICE) {
		json_put_str(w, "who", m->who);
		json_put_b64(w, "identity", m->identity, WIRE_ED25519);
	}
	if (event == NOTICE_CHECKPOINT) {
		json_put_u63(w, "offset", m->offset);
		json_put_b64(w, "chain", m->chain, WIRE_HASH);
	}
	if (event == NOTICE_ROOM) {
		json_put_str(w, "by", m->by);
		json_put_str(w, "topic", m->topic);
		room_settings_encode(w, &m->settings, SETTINGS_ALL);
	}
}

int notice_encode(struct buf *out, const struct notice_of *n)
{
	struct json_w w;

	if (n->event == NOTICE_OTHER || n->n_users > WIRE_PAGE)
		return ERR_LIMIT;
	if (about_users(n->event) ? n->n_users < 1 : n->more == NULL)
		return ERR_LIMIT;
	json_begin(&w, out);
	json_put_str(&w, "type", "system");
	json_put_str(&w, "event", event_words[n->event]);
	json_put_int(&w, "epoch", n->epoch);
	json_put_b64(&w, "commit", n->commit, WIRE_HASH);
	json_put_b64(&w, "roster", n->roster, WIRE_HASH);
	if (n->more != NULL)
		put_more(&w, n->event, n->more);
	if (n->n_users > 0)
		users_encode(&w, n->users, n->n_users);
	json_put_u63(&w, "ts", n->ts);
	return json_end_padded(&w);
}
