/* registry.h - what a server has beside its rooms: who may make them, how they
 * are made, listed and changed, and what is told of acts. Shared by all
 * threads; it never changes after the start.
 *
 * Any thread may call any function, also one that serves no client. Lock
 * order: a room's lock, then the directory's, then standing.h's. */
#ifndef CONCLAVED_ROOM_REGISTRY_H
#define CONCLAVED_ROOM_REGISTRY_H

#include "server/room/accounts.h"
#include "server/room/creation.h"
#include "server/room/registry_by.h"
#include "server/room/retention.h"
#include "server/room/room.h"
#include "shared/proto/request.h"

struct blob_store;

/* One act, for the log of acts. Everything is borrowed for the call. */
struct registry_act {
	const char *act; /* a word: "kick", "room_new", ... */
	const char *by;
	const char *room; /* its name; NULL: the server */
	const char *who;  /* NULL: nobody */
	const char *text; /* the reason, or what changed; or NULL */
	uint64_t seconds; /* 0: without an end */
};

/* Everything is borrowed. */
struct registry {
	struct directory *directory;
	struct standing *standing;
	struct accounts *accounts; /* NULL: a person is an identity */
	struct room_opts room; /* of new rooms: all but name, topic, maker and
				* settings; its id is 0 */
	struct room_settings fresh; /* of new rooms */
	enum room_creation creation;
	struct retention retention;
	struct blob_store *files; /* NULL: it keeps none */
	/* NULL: nobody is told. From any thread, without a lock. */
	void (*acted)(void *arg, const struct registry_act *a);
	void *arg;
};
void registry_acted(const struct registry *g, const struct registry_act *a);

/* code, text in the answer; returns code. */
enum wire_code registry_refuse(
    struct registry_answer *a, enum wire_code code, const char *text);
/* What somebody is in a room, or (0) on the server. */
void registry_rights(const struct registry *g, uint32_t room,
    const struct registry_by *by, struct standing_rights *out);
/* The room as far as the asker may know of it: a reference, or NULL. */
struct room *registry_room(
    const struct registry *g, uint32_t room, const struct registry_by *by);

/* The names of rooms that invites are to. */
void registry_invite_rooms(const struct registry *g,
    struct account_invite *invites, const uint32_t *room, size_t n);
/* REQUEST_ROOM_NEW, REQUEST_ROOM_SET. ERR_NOMEM: nothing has changed. */
int registry_make(const struct registry *g, const struct registry_by *by,
    const struct request *q, struct registry_answer *a) MUST_CHECK;
int registry_set(const struct registry *g, const struct registry_by *by,
    const struct request *q, struct registry_answer *a) MUST_CHECK;
/* REQUEST_ROOM_LIST: at most WIRE_ROOM_PAGE rooms. */
struct registry_list {
	struct room_info room[WIRE_ROOM_PAGE];
	size_t n;
	uint64_t total; /* that the asker may see */
};
int registry_list(const struct registry *g, const struct registry_by *by,
    const char *after, struct registry_list *out) MUST_CHECK;

#endif
