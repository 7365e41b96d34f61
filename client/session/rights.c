/* Topic, settings, roles and voice, as the server tells them. */
#include "client/session/rights.h"

#include <stdlib.h>
#include <string.h>

#include "shared/wire/text.h"

struct rights {
	struct room_events events;
	struct roster *roster; /* borrowed */
	char topic[WIRE_SHORT_TEXT_MAX + 1];
	struct room_settings settings;
	bool known; /* topic and settings are what the server said */
	uint64_t until_ms;
};

struct rights *rights_new(
    const struct room_events *events, struct roster *roster)
{
	struct rights *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->events = *events;
	t->roster = roster;
	t->settings = room_settings_default;
	return t;
}

void rights_free(struct rights *t)
{
	free(t);
}

void rights_begin(struct rights *t)
{
	t->topic[0] = '\0';
	t->until_ms = 0;
}

void rights_entry(struct rights *t, const struct room_entry *e)
{
	memcpy(t->topic, e->topic, sizeof(t->topic));
	t->settings = e->settings;
	t->known = true;
}

/* --- notices -------------------------------------------------------------- */

static void apply(struct rights *t, const struct notice_more *m)
{
	const struct person *p;
	size_t n, i;

	p = roster_people(t->roster, &n);
	for (i = 0; i < n; i++) {
		if (!text_same_name(p[i].name, m->who))
			continue;
		roster_standing(t->roster, p[i].member,
		    m->act == ACT_ROLE ? m->role : p[i].role,
		    m->act == ACT_MUTE	   ? false
		    : m->act == ACT_UNMUTE ? true
					   : p[i].voice);
	}
}

void rights_event(struct event *e, const struct notice *n)
{
	const struct notice_more *m = &n->more;

	e->type = n->event == NOTICE_ACT ? EVENT_ACT : EVENT_ROOM;
	e->by = m->by;
	if (e->type == EVENT_ROOM) {
		/* A sealed room's mark is for programs. */
		e->text = m->settings.sealed ? "" : m->topic;
		e->settings = m->settings;
	} else {
		e->act = m->act;
		e->who = m->who;
		e->role = m->role;
		e->until_ms = m->until_ms;
		e->text = m->reason;
		e->server = m->server;
	}
	e->text_len = strlen(e->text);
}

bool rights_removes(const struct notice *n)
{
	return n->event == NOTICE_ACT &&
	       (n->more.act == ACT_KICK || n->more.act == ACT_BAN);
}

static unsigned differ(
    const struct room_settings *a, const struct room_settings *b)
{
	return (a->listed != b->listed ? (unsigned)SETTING_LISTED : 0) |
	       (a->invited != b->invited ? (unsigned)SETTING_ENTRY : 0) |
	       (a->history != b->history ? (unsigned)SETTING_HISTORY : 0) |
	       (a->keep_days != b->keep_days ? (unsigned)SETTING_KEEP_DAYS
					     : 0) |
	       (a->keep_count != b->keep_count ? (unsigned)SETTING_KEEP_COUNT
					       : 0) |
	       (a->operators_only != b->operators_only ? (unsigned)SETTING_VOICE
						       : 0) |
	       (a->sealed != b->sealed ? (unsigned)SETTING_SEALED : 0);
}

int rights_told(
    struct rights *t, const struct content *c, uint64_t offset, bool show)
{
	const struct notice *n = &c->u.notice;
	struct event e = {.offset = offset};

	rights_event(&e, n);
	if (n->event == NOTICE_ACT) {
		apply(t, &n->more);
	} else {
		e.changed = differ(&t->settings, &n->more.settings);
		memcpy(t->topic, n->more.topic, sizeof(t->topic));
		t->settings = n->more.settings;
	}
	return show ? events_push_room(&t->events, &e) : 0;
}

int rights_voice(
    struct rights *t, uint32_t self, const struct voice *v, bool show)
{
	const struct person *p = roster_find(t->roster, self);

	if (p != NULL)
		roster_standing(t->roster, self, p->role, v->may);
	t->until_ms = v->may ? 0 : v->until_ms;
	if (!show)
		return 0;
	return events_push_room(&t->events, &(struct event){.type = EVENT_VOICE,
						.may = v->may,
						.until_ms = v->until_ms,
						.by = v->by});
}

/* --- getters -------------------------------------------------------------- */

const char *rights_topic(const struct rights *t)
{
	return t->settings.sealed ? "" : t->topic;
}

const char *rights_word(const struct rights *t)
{
	return t->topic;
}

bool rights_known(const struct rights *t)
{
	return t->known;
}

const struct room_settings *rights_settings(const struct rights *t)
{
	return &t->settings;
}

uint64_t rights_until_ms(const struct rights *t)
{
	return t->until_ms;
}
