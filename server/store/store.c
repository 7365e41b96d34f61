/* store.c - the queue of what is to be written, and of questions. */
#include "server/store/store_int.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/base/secret.h"
#include "shared/os/clock.h"

/* --- lists ------------------------------------------------------------------- */

void store_asks_init(struct store_asks *l)
{
	l->first = NULL;
	l->end = &l->first;
}

void store_asks_add(struct store_asks *l, struct store_ask *a)
{
	a->next = NULL;
	*l->end = a;
	l->end = &a->next;
}

struct store_ask *store_asks_take(struct store_asks *l)
{
	struct store_ask *a = l->first;

	if (a == NULL)
		return NULL;
	if ((l->first = a->next) == NULL)
		l->end = &l->first;
	return a;
}

void store_wake(struct store *s)
{
	const uint64_t one = 1;

	if (!atomic_exchange(&s->awake, true))
		(void)!write(s->wake, &one, sizeof(one));
}

/* --- putting ------------------------------------------------------------------- */

static void item_free(struct store_item *i)
{
	if (i->done != NULL)
		i->done(i->owner);
	buf_free(&i->head);
	free(i);
}

enum { HEAD = 112 }; /* an entry's, so that it is allocated once */

/* Begins a frame; its ticket is set when it is queued. */
static struct store_item *item_new(uint8_t kind)
{
	struct store_item *i = calloc(1, sizeof(*i));
	size_t at;

	if (i == NULL)
		return NULL;
	if (kind == STORE_PUT_EPOCH || kind == STORE_CHANGE)
		buf_init_secret(&i->head, STORE_FRAME_MAX);
	else
		buf_init(&i->head, STORE_FRAME_MAX);
	if (buf_reserve(&i->head, HEAD) == 0 &&
	    store_frame_begin(&i->head, kind, &at) == 0 &&
	    buf_u64(&i->head, 0) == 0)
		return i;
	item_free(i);
	return NULL;
}

/* r: what the encoder said. Takes the item. */
static int queue(struct store *s, struct store_item *i, int r, uint64_t *ticket)
{
	const bool is_entry = i->bytes != NULL;

	if (r == 0)
		r = store_frame_end(&i->head, 0, i->len);
	if (r != 0) {
		i->done = NULL; /* the bytes are still the caller's */
		item_free(i);
		return ERR_NOMEM;
	}
	pthread_mutex_lock(&s->lock);
	i->ticket = ++s->last_ticket;
	put_u64(i->head.p + STORE_FRAME_HEAD, i->ticket);
	*s->end = i;
	s->end = &i->next;
	if (s->unsent == NULL)
		s->unsent = i;
	s->bytes += i->head.len + i->len;
	if (s->bytes >= STORE_FULL)
		s->full = true;
	if (ticket != NULL)
		*ticket = i->ticket;
	pthread_mutex_unlock(&s->lock);
	if (is_entry)
		atomic_store(&s->held, true);
	else
		store_wake(s);
	return 0;
}

void store_flush(struct store *s)
{
	if (atomic_load(&s->held) && atomic_exchange(&s->held, false))
		store_wake(s);
}

int store_put_room(
    struct store *s, const struct store_room *r, uint64_t *ticket)
{
	struct store_item *i = item_new(STORE_PUT_ROOM);

	return i == NULL ? ERR_NOMEM
			 : queue(s, i, store_room_put(&i->head, r), ticket);
}

int store_put_right(
    struct store *s, const struct store_right *r, uint64_t *ticket)
{
	struct store_item *i = item_new(STORE_PUT_RIGHT);

	return i == NULL ? ERR_NOMEM
			 : queue(s, i, store_right_put(&i->head, r), ticket);
}

int store_put_change(
    struct store *s, const struct store_change *c, uint64_t *ticket)
{
	struct store_item *i = item_new(STORE_CHANGE);

	return i == NULL ? ERR_NOMEM
			 : queue(s, i, store_change_put(&i->head, c), ticket);
}

int store_put_direct(
    struct store *s, const struct store_direct *d, uint64_t *ticket)
{
	struct store_item *i = item_new(STORE_DIRECT);

	return i == NULL ? ERR_NOMEM
			 : queue(s, i, store_direct_put(&i->head, d), ticket);
}

int store_put_epoch(struct store *s, const struct store_epoch *e)
{
	struct store_item *i = item_new(STORE_PUT_EPOCH);

	return i == NULL ? ERR_NOMEM
			 : queue(s, i, store_epoch_put(&i->head, e), NULL);
}

int store_put_person(struct store *s, const struct store_person *p)
{
	struct store_item *i = item_new(STORE_PUT_PERSON);

	return i == NULL ? ERR_NOMEM
			 : queue(s, i, store_person_put(&i->head, p), NULL);
}

int store_put_entry(
    struct store *s, const struct store_entry *e, uint64_t *ticket)
{
	struct store_item *i = item_new(STORE_PUT_ENTRY);

	if (i == NULL)
		return ERR_NOMEM;
	i->bytes = e->bytes;
	i->len = e->len;
	i->done = e->done;
	i->owner = e->owner;
	return queue(s, i, store_entry_put(&i->head, e), ticket);
}

int store_purge(
    struct store *s, uint32_t room, uint64_t offset, uint64_t *ticket)
{
	struct store_item *i = item_new(STORE_PURGE);
	int r;

	if (i == NULL)
		return ERR_NOMEM;
	if ((r = buf_u32(&i->head, room)) == 0)
		r = buf_u64(&i->head, offset);
	return queue(s, i, r, ticket);
}

static int put_number(
    struct store *s, uint8_t kind, uint32_t room, uint64_t *ticket)
{
	struct store_item *i = item_new(kind);

	return i == NULL ? ERR_NOMEM
			 : queue(s, i, buf_u32(&i->head, room), ticket);
}

int store_forget_room(struct store *s, uint32_t room, uint64_t *ticket)
{
	return put_number(s, STORE_FORGET_ROOM, room, ticket);
}

int store_forget_entries(struct store *s, uint32_t room, uint64_t *ticket)
{
	return put_number(s, STORE_FORGET_ENTRIES, room, ticket);
}

uint64_t store_committed(const struct store *s)
{
	return s->committed;
}

bool store_settled(struct store *s)
{
	bool all;

	(void)pthread_mutex_lock(&s->lock);
	all = s->first == NULL;
	(void)pthread_mutex_unlock(&s->lock);
	return all;
}

bool store_full(const struct store *s)
{
	return s->full;
}

uint32_t store_run(const struct store *s)
{
	return s->run;
}

bool store_stuck(struct store *s, char why[STORE_WHY_MAX])
{
	bool stuck;

	pthread_mutex_lock(&s->lock);
	memcpy(why, s->stuck_why, STORE_WHY_MAX);
	stuck = why[0] != '\0';
	pthread_mutex_unlock(&s->lock);
	return stuck;
}

/* The items up to this ticket, taken off the queue. */
static struct store_item *take_done(struct store *s, uint64_t ticket)
{
	struct store_item *first = s->first, *last = NULL, *i;

	for (i = first; i != NULL && i->ticket <= ticket; i = i->next) {
		s->bytes -= i->head.len + i->len;
		if (s->unsent == i) {
			s->unsent = i->next;
			s->sent = 0;
		}
		last = i;
	}
	if (last == NULL)
		return NULL;
	s->first = last->next;
	if (s->first == NULL)
		s->end = &s->first;
	last->next = NULL;
	if (s->bytes < STORE_FULL)
		s->full = false;
	return first;
}

static void free_items(struct store_item *i)
{
	struct store_item *next;

	for (; i != NULL; i = next) {
		next = i->next;
		item_free(i);
	}
}

void store_done(struct store *s, uint64_t ticket)
{
	struct store_item *items;

	pthread_mutex_lock(&s->lock);
	items = take_done(s, ticket);
	pthread_mutex_unlock(&s->lock);
	if (items == NULL)
		return;
	s->committed = ticket;
	free_items(items);
	if (s->events.committed != NULL)
		s->events.committed(s->events.arg);
}

/* --- asking --------------------------------------------------------------------- */

static int ask(struct store *s, struct store_ask *a)
{
	pthread_mutex_lock(&s->lock);
	a->id = ++s->last_ask;
	store_asks_add(&s->waiting, a);
	pthread_mutex_unlock(&s->lock);
	store_wake(s);
	return 0;
}

int store_read(struct store *s, const struct store_question *q)
{
	struct store_ask *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return ERR_NOMEM;
	a->q = *q;
	if (a->q.bytes > STORE_ANSWER_MAX)
		a->q.bytes = STORE_ANSWER_MAX;
	if (a->q.count > STORE_COUNT_MAX)
		a->q.count = STORE_COUNT_MAX;
	a->fd = -1;
	return ask(s, a);
}

int store_backup(struct store *s, int fd,
    void (*done)(void *arg, int err, const char *text), void *arg)
{
	struct store_ask *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return ERR_NOMEM;
	*a = (struct store_ask){.fd = fd, .done = done, .arg = arg};
	return ask(s, a);
}

void store_answer_failed(struct store_ask *a)
{
	const struct store_range none = {.err = ERR_IO};

	if (a->fd >= 0)
		close(a->fd);
	if (a->q.got != NULL)
		a->q.got(a->q.arg, &none);
	else if (a->done != NULL)
		a->done(a->arg, ERR_IO,
		    "the keeper of the state directory cannot be reached");
	free(a);
}

/* --- beginning and end -------------------------------------------------------------- */

struct store *store_start(
    int fd, const struct store_events *events, const struct logger *log)
{
	struct store *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		close(fd);
		return NULL;
	}
	s->log = log;
	if (events != NULL)
		s->events = *events;
	s->warden = fd;
	s->link = s->ask_fd = -1;
	s->end = &s->first;
	store_asks_init(&s->waiting);
	store_asks_init(&s->asked);
	buf_init_secret(&s->in, STORE_IN_MAX);
	buf_init_secret(&s->range, STORE_RANGE_BYTES);
	buf_init(&s->ask_out, STORE_FRAME_MAX);
	s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->wake < 0 || pthread_mutex_init(&s->lock, NULL) != 0 ||
	    buf_reserve(&s->in, STORE_IN_MAX) != 0) {
		if (s->wake >= 0)
			close(s->wake);
		close(fd);
		buf_free(&s->in);
		free(s);
		return NULL;
	}
	return s;
}

/* The warden ends after the keeper, which writes what it has read and closes
 * the database. */
static void end_keeper(struct store *s, uint32_t wait_ms)
{
	struct pollfd p = {.fd = s->warden};
	const uint64_t end = clock_monotonic_ms() + wait_ms;
	uint64_t now;

	store_drop_link(s);
	if (s->warden < 0)
		return;
	(void)shutdown(s->warden, SHUT_WR);
	while ((now = clock_monotonic_ms()) < end &&
	       poll(&p, 1, (int)(end - now)) < 0 && errno == EINTR)
		;
	close(s->warden);
}

bool store_free(struct store *s, uint32_t wait_ms)
{
	const uint64_t end = clock_monotonic_ms() + wait_ms;
	struct store_ask *a;
	uint64_t now;
	bool clean;

	if (s == NULL)
		return true;
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	s->stop_ms = end;
	pthread_mutex_unlock(&s->lock);
	if (s->has_thread) {
		atomic_store(&s->awake, false);
		store_wake(s);
		pthread_join(s->thread, NULL);
	}
	now = clock_monotonic_ms();
	end_keeper(s, now < end ? (uint32_t)(end - now) : 0);
	clean = s->first == NULL;
	free_items(s->first);
	while ((a = store_asks_take(&s->asked)) != NULL ||
	       (a = store_asks_take(&s->waiting)) != NULL)
		store_answer_failed(a);
	if (s->ask_fd >= 0)
		close(s->ask_fd);
	buf_free(&s->in);
	buf_free(&s->range);
	buf_free(&s->ask_out);
	close(s->wake);
	pthread_mutex_destroy(&s->lock);
	free(s);
	return clean;
}
