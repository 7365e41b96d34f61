/* directory.h - everything unique across the server: the names of its clients,
 * their member numbers, and its rooms by number and by name. Also the threads
 * that the rooms share.
 *
 * A name belongs to one identity while any of its clients is in a room, and for
 * a while after the last of them was lost (directory_limits), so that nobody
 * takes the name of somebody whose line is cut. A
 * client has one member number in all rooms; no number is given twice.
 *
 * Any thread may call any function. Lock order: a room's lock, then the
 * directory's, then a thread's. No function here takes a room's lock. */
#ifndef CONCLAVED_ROOM_DIRECTORY_H
#define CONCLAVED_ROOM_DIRECTORY_H

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

/* All 0 at first: no limit, and no name is kept. */
struct directory_limits {
	uint32_t per_identity, per_address; /* clients; 0: any number */
	uint32_t keep_ms; /* a name after its client was lost */
};
/* From now on; whoever is in stays in. */
void directory_limit(struct directory *d, const struct directory_limits *l);
/* Tells it the time, from any thread. Monotonic. */
void directory_time(struct directory *d, uint64_t now_ms);

/* NULL: there is no such room. "" is the room that was added first. */
struct room *directory_room(struct directory *d, uint32_t id);
struct room *directory_find(struct directory *d, const char *name);
/* The room with the lowest number above `id`; NULL: there is none. */
struct room *directory_after(struct directory *d, uint32_t id);
size_t directory_rooms(struct directory *d);

/* Clients that are in a room or waiting, counted once each. An atomic read. */
size_t directory_people(const struct directory *d);

/* --- for the rooms ------------------------------------------------------- */

/* Embedded in a room. */
struct directory_entry {
	LIST_ENTRY(directory_entry) by_id, by_name;
	STAILQ_ENTRY(directory_entry) all;
	struct room *room;
	uint32_t id;
	const char *name;
};
/* ERR_NOMEM; ERR_USAGE: the number or the name is taken. */
int directory_add_room(
    struct directory *d, struct directory_entry *e) MUST_CHECK;
void directory_remove_room(struct directory *d, struct directory_entry *e);

/* ERR_LIMIT: there are ROOM_THREADS_MAX already. *index is its index. Add
 * all threads before the first member; free them after the last. */
int directory_add_thread(
    struct directory *d, struct room_thread *t, unsigned *index) MUST_CHECK;
void directory_remove_thread(struct directory *d, const struct room_thread *t);
/* The thread that owns the room with this number; NULL: there is no thread. */
struct room_thread *directory_owner(struct directory *d, uint32_t room);

/* A client's place in a room. Embedded in its member; the directory owns it. */
struct directory_person;
struct directory_place {
	LIST_ENTRY(directory_place) of_person;
	struct directory_person *person; /* NULL: not taken */
	const void *room;
};
/* Takes a name for `client` (any pointer that identifies it in all rooms).
 * *other is the place of another member of the same room, name and identity,
 * or NULL: it is about to be replaced, and not counted. ERR_NAME: the name
 * belongs to another identity. ERR_LIMIT: no member number is left, or the
 * identity or the address has as many clients as it may: then who->met says
 * which. ERR_NOMEM. */
enum directory_met { MET_NONE, MET_IDENTITY, MET_ADDRESS };
struct directory_who {
	const char *name;
	const uint8_t *identity; /* WIRE_ED25519 bytes */
	const uint8_t *address;	 /* TALLY_KEY bytes; NULL: not counted */
	const void *client, *room;
	enum directory_met met; /* an answer */
};
int directory_enter(struct directory *d, struct directory_place *p,
    struct directory_who *who, struct directory_place **other) MUST_CHECK;
/* lost: its name may be kept for its identity. */
void directory_leave(
    struct directory *d, struct directory_place *place, bool lost);
/* The client's member number, assigned now if it has none. 0: none is left. */
uint32_t directory_number(struct directory *d, struct directory_place *p);

#endif
