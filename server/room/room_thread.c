/* room_thread.c - delivers, wraps and rekeys for all rooms of one thread. */
#include "server/room/room_thread.h"

#include <stdlib.h>

#include "server/room/room_thread_int.h"
#include "server/room/welcome.h"
#include "shared/base/secret.h"

/* --- making and freeing -------------------------------------------------- */

static int thread_init(struct room_thread *t)
{
	unsigned index;

	STAILQ_INIT(&t->shards.wraps);
	buf_init(&t->shards.json, WIRE_JSON_MAX);
	if ((t->wrap_keys = secret_alloc(sizeof(*t->wrap_keys))) == NULL)
		return ERR_NOMEM;
	return directory_add_thread(t->o.directory, t, &index);
}

struct room_thread *room_thread_new(const struct room_thread_opts *o)
{
	struct room_thread *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->o = *o;
	t->shards.crypto = o->crypto;
	t->shards.ended = o->ended;
	t->shards.left = o->left;
	t->shards.admitted = o->admitted;
	t->shards.answered = o->answered;
	directory_inbox_init(&t->inbox, o->wake, o->arg);
	t->shards.arg = o->arg;
	if (mailboxes_init(&t->shards.mail, o->wake, o->arg) != 0)
		goto no_mail;
	if (rekeys_init(&t->rekeys, o->wake, o->arg) != 0)
		goto no_rekeys;
	if (laters_init(&t->laters, o->store, o->wake, o->arg) != 0)
		goto no_laters;
	if (thread_init(t) == 0)
		return t;
	room_keys_free(t->wrap_keys);
	laters_free(&t->laters);
no_laters:
	rekeys_free(&t->rekeys);
no_rekeys:
	mailboxes_free(&t->shards.mail);
no_mail:
	free(t);
	return NULL;
}

void room_thread_free(struct room_thread *t)
{
	struct mailbox_list ready;
	struct mailbox *b;
	struct member *m;

	if (t == NULL)
		return;
	directory_remove_thread(t->o.directory, t);
	/* The next delivery frees empty shards. */
	mailboxes_take(&t->shards.mail, &ready);
	while ((b = STAILQ_FIRST(&ready)) != NULL) {
		STAILQ_REMOVE_HEAD(&ready, of_thread);
		shard_free((struct shard *)(void *)b);
	}
	while ((m = shard_next_wrap(&t->shards)) != NULL)
		member_unref(m);
	room_events_free(&t->shards.events);
	room_keys_free(t->wrap_keys);
	buf_free(&t->shards.json);
	laters_free(&t->laters);
	rekeys_free(&t->rekeys);
	mailboxes_free(&t->shards.mail);
	free(t);
}

/* --- parts of a loop step ------------------------------------------------ */

struct directory_inbox *room_thread_inbox(struct room_thread *t)
{
	return &t->inbox;
}

struct laters *room_thread_laters(struct room_thread *t)
{
	return &t->laters;
}

struct crypto *room_thread_crypto(const struct room_thread *t)
{
	return t->o.crypto;
}

static void thread_tell(struct room_thread *t)
{
	struct directory_word word;
	const void *client;

	while (directory_told(t->o.directory, &t->inbox, &client, &word))
		if (t->o.told != NULL)
			t->o.told(t->o.arg, client, &word);
}

void room_thread_deliver(struct room_thread *t)
{
	struct mailbox_list ready;
	struct mailbox *b;

	if (t->o.store != NULL)
		store_flush(t->o.store);
	thread_tell(t);
	shards_committed(&t->shards, t->o.store);
	mailboxes_take(&t->shards.mail, &ready);
	while ((b = STAILQ_FIRST(&ready)) != NULL) {
		STAILQ_REMOVE_HEAD(&ready, of_thread);
		shard_deliver((struct shard *)(void *)b);
	}
	laters_run(&t->laters);
}

/* A newcomer whose key does not work affects only itself. */
static void thread_wrap(struct room_thread *t, struct member *m)
{
	struct rekey *k = &member_room(m)->rekey;
	struct frame *welcome = NULL;
	struct rekey_wrap w;
	int err;

	if (!rekey_wrap_begin(k, m, &w, t->wrap_keys))
		return;
	err = welcome_make(
	    &welcome, &t->shards.json, &k->o.place, &w, t->wrap_keys);
	entrant_unref(w.person);
	secret_wipe(t->wrap_keys, sizeof(*t->wrap_keys));
	if (err != 0)
		shard_fail(m, err);
	else
		rekey_wrap_end(k, m, &w, welcome);
}

bool room_thread_work(struct room_thread *t)
{
	struct member *m;
	int n;

	for (n = 0; n < ROOM_THREAD_WRAPS; n++) {
		if ((m = shard_next_wrap(&t->shards)) == NULL)
			break;
		if (m->taken)
			thread_wrap(t, m);
		member_unref(m);
	}
	return !STAILQ_EMPTY(&t->shards.wraps);
}

uint64_t rooms_deadline(struct room_thread *t)
{
	return rekeys_deadline(&t->rekeys);
}

void rooms_renew(struct room_thread *t)
{
	rekeys_renew(&t->rekeys);
}

void rooms_sign(struct room_thread *t)
{
	rekeys_sign(&t->rekeys);
}

void rooms_sign_end(struct room_thread *t)
{
	if (!t->is_signed)
		directory_sign(t->o.directory);
	t->is_signed = true;
}

bool rooms_signed(struct room_thread *t, uint64_t now_ms)
{
	if (rekeys_deadline(&t->rekeys) > now_ms &&
	    (t->o.store == NULL || store_settled(t->o.store)))
		rooms_sign_end(t);
	return t->is_signed && directory_signed(t->o.directory);
}

void rooms_run(struct room_thread *t, uint64_t now_ms, uint64_t wall_ms)
{
	struct rekeys_run run = {.run = {.crypto = t->o.crypto,
				     .json = &t->shards.json,
				     .now_ms = now_ms,
				     .wall_ms = wall_ms},
	    .done = t->o.rekeyed,
	    .arg = t->o.arg};

	directory_time(t->o.directory, now_ms, wall_ms);
	if (rekeys_deadline(&t->rekeys) <= now_ms)
		rekeys_run(&t->rekeys, &run);
}
