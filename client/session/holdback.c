/* Holds messages back after a reconnect until the previous members return. */
#include <stdlib.h>
#include <string.h>

#include "client/session/holdback.h"
#include "client/session/missing.h"

enum {
	WAIT_MS = 5000, /* in addition to the others' own pause */
	/* If joining is slow for us, it probably is for them: the factor
	 * applied to our own time. */
	WAIT_ENTRIES = 3,
	WAIT_ENTRIES_MS = 15000,
	WAIT_LEAVING_MS = 5000,
	NAMES_BYTES = 4 * (WIRE_NAME_MAX + 8),
};

struct holdback {
	struct room_events events;
	struct outbox *outbox;	     /* borrowed */
	const struct roster *roster; /* borrowed */
	struct missing *missing;     /* who was there before */
	bool active, told;
	uint64_t until_ms;
};

struct holdback *holdback_new(const struct room_events *events,
    struct outbox *outbox, const struct roster *roster)
{
	struct holdback *h = calloc(1, sizeof(*h));

	if (h == NULL || (h->missing = missing_new()) == NULL) {
		free(h);
		return NULL;
	}
	h->events = *events;
	h->outbox = outbox;
	h->roster = roster;
	return h;
}

void holdback_free(struct holdback *h)
{
	if (h == NULL)
		return;
	missing_free(h->missing);
	free(h);
}

/* wait_ms 0: the wait is over, and they have not returned. */
static int tell(struct holdback *h, uint32_t wait_ms)
{
	char names[NAMES_BYTES];

	missing_names(h->missing, names, sizeof(names));
	return events_push_room(
	    &h->events, &(struct event){.type = EVENT_WAITING,
			    .count = missing_count(h->missing),
			    .text = names,
			    .text_len = strlen(names),
			    .wait_ms = wait_ms});
}

static int tell_begin(struct holdback *h, uint64_t now_ms)
{
	uint64_t left = h->until_ms > now_ms ? h->until_ms - now_ms : 1;

	if (!h->active || h->told || outbox_count(h->outbox) == 0)
		return 0;
	h->told = true;
	return tell(h, (uint32_t)left);
}

void holdback_lost(struct holdback *h, uint64_t until_ms)
{
	const struct person *p;
	size_t n;

	outbox_prune(h->outbox, until_ms);
	if (!h->active)
		/* We do not wait again for people who did not return. */
		missing_clear(h->missing);
	h->active = false;
	p = roster_people(h->roster, &n);
	missing_expect(h->missing, p, n);
}

static int over(struct holdback *h)
{
	int r = 0;

	if (h->active && h->told && missing_count(h->missing) > 0)
		r = tell(h, 0);
	h->active = false;
	missing_clear(h->missing);
	return r;
}

int holdback_begin(
    struct holdback *h, const struct holdback_pace *pace, uint64_t now_ms)
{
	uint64_t wait = WAIT_MS + pace->pause_ms + pace->pause_ms / 4;
	uint64_t entries = WAIT_ENTRIES * pace->entry_ms;
	const struct person *p;
	size_t n, i;

	p = roster_people(h->roster, &n);
	for (i = 0; i < n; i++)
		missing_back(h->missing, p[i].identity);
	if (pace->kept || missing_count(h->missing) == 0)
		return over(h);
	wait += entries < WAIT_ENTRIES_MS ? entries : WAIT_ENTRIES_MS;
	if (pace->leaving && wait > WAIT_LEAVING_MS)
		wait = WAIT_LEAVING_MS;
	h->active = true;
	h->told = false;
	h->until_ms = now_ms + wait;
	return tell_begin(h, now_ms);
}

int holdback_joined(struct holdback *h, const uint8_t identity[WIRE_ED25519])
{
	if (!h->active)
		return 0;
	missing_back(h->missing, identity);
	return missing_count(h->missing) == 0 ? over(h) : 0;
}

int holdback_said(struct holdback *h, uint64_t now_ms)
{
	int r = tell_begin(h, now_ms);

	/* The message is queued anyway: tell the user at the next one. */
	if (r != 0)
		h->told = false;
	return r;
}

void holdback_hurry(struct holdback *h, uint64_t now_ms)
{
	if (h->active && h->until_ms > now_ms + WAIT_LEAVING_MS)
		h->until_ms = now_ms + WAIT_LEAVING_MS;
}

const struct missing *holdback_missing(const struct holdback *h)
{
	return h->missing;
}

bool holdback_active(const struct holdback *h)
{
	return h->active;
}

uint64_t holdback_deadline(const struct holdback *h)
{
	return h->active ? h->until_ms : UINT64_MAX;
}

int holdback_tick(struct holdback *h, uint64_t now_ms)
{
	return h->active && now_ms >= h->until_ms ? over(h) : 0;
}
