/* directory.h - everything unique across the server: the names of its clients,
 * their member numbers, and its rooms by number and by name. Also the threads
 * that the rooms share.
 *
 * A name belongs to one account while any of its clients is here; that it is
 * the account's for good is accounts.h's. A client has one member number in all
 * rooms; no number is given twice.
 *
 * Any thread may call any function. Lock order: a room's lock, then the
 * directory's, then a thread's. No function here takes a room's lock. */
#ifndef CONCLAVED_ROOM_DIRECTORY_H
#define CONCLAVED_ROOM_DIRECTORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "server/room/tally.h"
#include "shared/base/err.h"
#include "shared/wire/wire.h"

struct directory;
struct room;
struct room_thread;

enum { ROOM_THREADS_MAX = 64 };

/* last_member: the newest member number already used; 0 at first. */
struct directory *directory_new(uint32_t last_member);
void directory_free(struct directory *d); /* after rooms and threads */

/* All 0 at first: no limit. */
struct directory_limits {
	uint32_t per_account, per_address; /* clients; 0: any number */
	uint32_t rooms, rooms_per_identity; /* 0: any number */
	uint32_t room_people; /* of a new room: room_opts; 0: as there */
	uint32_t room_rekey_ms;
};
/* From now on; whoever is in stays in. */
void directory_limit(struct directory *d, const struct directory_limits *l);
struct directory_limits directory_limits(struct directory *d);
/* Tells it the time, from any thread: monotonic, and Unix time. */
void directory_time(struct directory *d, uint64_t now_ms, uint64_t wall_ms);
/* The same, at most DIRECTORY_TICK_MS old. Atomic reads. */
enum { DIRECTORY_TICK_MS = 100 };
uint64_t directory_now(const struct directory *d);
uint64_t directory_wall(const struct directory *d);

/* A reference (room_unref). NULL: there is no such room. "" is the one named by
 * directory_home, or the oldest. */
struct room *directory_room(struct directory *d, uint32_t id);
struct room *directory_find(struct directory *d, const char *name);
/* The room of those who name none. */
void directory_home(struct directory *d, uint32_t id);
/* The room with the lowest number above `id`, as a reference (room_unref);
 * NULL: there is none. */
struct room *directory_after(struct directory *d, uint32_t id);
size_t directory_rooms(const struct directory *d); /* an atomic read */
bool directory_rooms_full(struct directory *d);	   /* as many as may be */
/* How many are listed or among these numbers. */
size_t directory_listed(struct directory *d, const uint32_t *also, size_t n);
/* The rooms after this name ("": from the first), in the order of their names
 * in lower case, that are listed or that `wanted` (or NULL) asks for, at most
 * `max`: a reference each. wanted must not call back. */
size_t directory_page(struct directory *d, const char *after,
    bool (*wanted)(void *arg, uint32_t room), void *arg, struct room **out,
    size_t max);

/* Clients that are in a room or waiting, counted once each. An atomic read. */
size_t directory_people(const struct directory *d);

/* --- for the rooms ------------------------------------------------------- */

/* Embedded in a room. */
struct directory_entry {
	LIST_ENTRY(directory_entry) by_id, by_name, by_form;
	STAILQ_ENTRY(directory_entry) all;
	struct room *room;
	uint32_t id;
	const char *name;
	bool listed;	     /* directory_list */
	struct tally *maker; /* counts its maker's rooms; NULL: the server's */
};
/* A number that no room had before. 0: none is left. */
uint32_t directory_room_number(struct directory *d);
/* maker: an account, or NULL. ERR_NOMEM; ERR_USAGE: the number is taken, or
 * there is no name. ERR_NAME: the name is taken, or looks like that of another
 * room, which is copied to `alike`. ERR_LIMIT: there are as many rooms, or
 * rooms of this maker, as may be. */
int directory_add_room(struct directory *d, struct directory_entry *e,
    const uint8_t *maker, char alike[WIRE_ROOM_MAX + 1]) MUST_CHECK;
/* A no-op for one that is not in it. */
void directory_remove_room(struct directory *d, struct directory_entry *e);
void directory_list_room(
    struct directory *d, struct directory_entry *e, bool listed);
/* The oldest room of which this is true, of one maker or (NULL) of anybody: a
 * reference, or NULL. */
struct room *directory_oldest(struct directory *d, const uint8_t *maker,
    bool (*fn)(const struct room *r));

/* ERR_LIMIT: there are ROOM_THREADS_MAX already. *index is its index. Add
 * all threads before the first member; free them after the last. */
int directory_add_thread(
    struct directory *d, struct room_thread *t, unsigned *index) MUST_CHECK;
void directory_remove_thread(struct directory *d, const struct room_thread *t);
/* At the server's end: the logs of this thread's rooms are signed. Once each. */
void directory_sign(struct directory *d);
/* Whether all threads have said so. */
bool directory_signed(struct directory *d);
/* The thread that owns the room with this number; NULL: there is no thread. */
struct room_thread *directory_owner(struct directory *d, uint32_t room);

/* --- reaching people ----------------------------------------------------- */

/* Of a thread: what its clients are to be told. Embedded in the thread. */
struct directory_person;
struct directory_inbox {
	TAILQ_HEAD(, directory_person) told; /* the directory's lock */
	atomic_bool any;		     /* not empty */
	/* From any thread, with the directory locked: must not call back. */
	void (*wake)(void *arg);
	void *arg;
};
void directory_inbox_init(
    struct directory_inbox *b, void (*wake)(void *arg), void *arg);

struct directory_word {
	enum wire_code end; /* a bye; CODE_NONE: its standing may have changed */
	bool has_device;    /* its account has another one: */
	uint8_t device[WIRE_ED25519];
	uint64_t device_s; /* since then, unix */
	char by[WIRE_NAME_MAX + 1], text[WIRE_SHORT_TEXT_MAX + 1];
};
/* The clients of this account, and of this name. */
struct directory_whom {
	const uint8_t *account; /* the account's key, 32 bytes */
	const char *name;	 /* NULL: of the account alone */
	const uint8_t *device;	 /* only those of this device; NULL: all */
};
/* Tells all their clients; *n: how many. ERR_NOMEM: perhaps not all. */
int directory_tell(struct directory *d, const struct directory_whom *w,
    const struct directory_word *word, size_t *n) MUST_CHECK;
/* The next of the inbox, in its own thread. False: there is none. Costs an
 * atomic read then. */
bool directory_told(struct directory *d, struct directory_inbox *b,
    const void **client, struct directory_word *out);
/* Whether this device of the account is connected. */
bool directory_has_device(struct directory *d, const uint8_t *account,
    const uint8_t device[WIRE_ED25519]);
/* All rooms that they are in: a reference each, in an array that the caller
 * frees, also after ERR_NOMEM. */
int directory_rooms_of(struct directory *d, const struct directory_whom *w,
    struct room ***rooms, size_t *n) MUST_CHECK;
/* The account to which the name belongs now, and the name as it is written.
 * False: it is nobody's. */
bool directory_account(struct directory *d, const char *name,
    uint8_t account[WIRE_KEY], char written[WIRE_NAME_MAX + 1]);

/* --- for the rooms ------------------------------------------------------- */

/* A client's place in a room. Embedded in its member; the directory owns it. */
struct directory_place {
	SLIST_ENTRY(directory_place) of_person;
	struct directory_person *person; /* NULL: not taken */
	struct room *room;		 /* borrowed; NULL: in none */
};
/* Takes a name for `client` (any pointer that identifies it in all rooms).
 * *other is the place of the same client as another member of the same room,
 * or NULL: it is about to be replaced, and not counted. ERR_NAME: the name
 * belongs to another account. ERR_LIMIT: no member number is left, or the
 * account or the address has as many clients as it may: then who->met says
 * which. ERR_NOMEM. */
enum directory_met { MET_NONE, MET_ACCOUNT, MET_ADDRESS };
struct directory_who {
	const char *name;
	const uint8_t *account; /* the account's key, 32 bytes */
	/* The same client again replaces the one that is there: WIRE_ED25519
	 * and WIRE_INSTANCE bytes. NULL: any of its account does. */
	const uint8_t *device, *instance;
	const uint8_t *address;	 /* TALLY_KEY bytes; NULL: not counted */
	const void *client;
	struct room *room;
	enum directory_met met; /* an answer */
};
int directory_enter(struct directory *d, struct directory_place *p,
    struct directory_who *who, struct directory_place **other) MUST_CHECK;
void directory_leave(struct directory *d, struct directory_place *place);
/* Keeps the name, the number and the place in the limits of a client that has
 * entered a room, also while it is in none: until directory_leave for `home`,
 * its last place. What it is told goes to the inbox (borrowed). ERR_STATE:
 * nobody of this name is this client. */
int directory_stay(struct directory *d, struct directory_place *home,
    const char *name, const void *client,
    struct directory_inbox *inbox) MUST_CHECK;
/* The client's member number, assigned now if it has none. 0: none is left. */
uint32_t directory_number(struct directory *d, struct directory_place *p);

#endif
