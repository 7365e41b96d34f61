/* session_world.h - the server in the session's target: what it knows of its two
 * rooms, and what it says. It is honest, except where `bend` is not 0: that says
 * what is damaged. */
#ifndef CONCLAVE_SESSION_WORLD_H
#define CONCLAVE_SESSION_WORLD_H

#include "client/session/session.h"
#include "shared/proto/content_view.h"
#include "shared/proto/control.h"
#include "shared/proto/group.h"
#include "shared/proto/seal.h"
#include "tests/fuzz/people_of.h"

enum {
	USERS = 6,
	SAID = 64, /* messages of the user in one room */
	PLACES =
	    2, /* rooms: the card's, which the server chooses, and the den */
	DIGESTS = 256, /* of the client's frames, by seq */
	ASKED = 8,     /* other requests without an answer */
	KEPT = 8,      /* secrets */
	HOLD = 8,      /* of them */
	HANDED = 16,   /* secrets from others */
	NOW_MS = 1000000,
};
#define WALL_MS UINT64_C(1700000000000)

struct user_at {
	uint32_t member; /* 0: not in the room */
	uint64_t seq;
};

struct handed {
	uint32_t number;
	uint8_t secret[WIRE_KEY];
};

/* A room, as the server has it. */
struct place {
	uint32_t number;
	const char *name;
	const struct chatroom *handle; /* NULL: the user never wanted it */
	bool carded;		       /* the card asks for it */
	uint32_t join_req, leave_req;  /* open requests of the client, or 0 */
	uint32_t epoch, fence, member, last_member;
	uint8_t secret[WIRE_KEY], log[WIRE_LOG];
	bool keyed, listed, logged, silent;
	bool known; /* was listed once */
	/* When the client's way in last advanced, and whether a frame is pending
	 * that advances it. */
	uint64_t step_ms;
	bool step_due;
	/* The user has a secret of it; the mark that the server gives, or "". */
	bool sealed;
	char mark[SEAL_MARK];
	uint32_t generation; /* the highest that a mark had */
	struct log_head head;
	uint64_t notice_seq;
	struct user_at users[USERS];
	/* Counters of the user's messages, from 0, until something is taken
	 * back. */
	bool counts;
	unsigned said, acked, accepted;
	/* Those that marks have named, sent or not, and those of them that the client
	 * has: it says none of these again after a lost connection. */
	unsigned named, named_to_it;
	bool has_own; /* the id of the newest message of our own */
	uint8_t own[WIRE_ID];
	/* seqs of this stay */
	uint64_t last, last_acked, marked, marked_offset;
	uint8_t digest[DIGESTS][WIRE_HASH];
};

struct world {
	struct session *s;
	struct link *link; /* the server's end; NULL: none */
	struct fuzz f;
	uint64_t now, seed;
	unsigned connections;
	bool honest, ending, quitting;
	bool other; /* what the operation is about */
	uint64_t heard_ms; /* when the client last received data */
	uint8_t session_no;
	struct place place[PLACES], *at; /* one of them */
	struct request asked[ASKED];
	size_t n_asked;
	struct seal_secret kept[KEPT]; /* of the den, on the client's disk */
	size_t n_kept;
	struct holder holder[HOLD]; /* the same */
	size_t n_holders;
	struct sealed_topic topic; /* offset 0: none */
	struct handed handed[HANDED]; /* that the client has kept, the newest */
	size_t n_handed;
	/* Direct messages, if there are: the number of the last frame to the client,
	 * how many hand-overs there were, the last that was shown. */
	bool direct, has_seen;
	uint64_t direct_no;
	uint32_t hands;
	uint8_t seen[WIRE_ID];
	/* frames for the next record */
	struct buf bodies, wire, json;
	struct {
		uint8_t kind;
		size_t off, len;
	} frames[16];
	size_t n_frames;
};

/* --- session_link.c: the line --------------------------------------------- */

void world_connect(struct world *w);
void world_hang_up(struct world *w);
/* Sends the frames that were queued as one record. */
void world_flush(struct world *w);
/* Queues w->json as a control frame. */
void world_control(struct world *w, bool step);
/* Queues a frame: reserve says whether there is a link, and that there is space;
 * the body is what was appended to w->bodies from `off` on. */
bool world_reserve(struct world *w);
void world_frame(struct world *w, uint8_t kind, size_t off);
/* The client is in no such room any more, or not yet. */
void place_out(struct place *p);

/* --- session_reads.c --------------------------------------------------------- */

/* The server reads the client's output. */
void world_read(struct world *w);

/* --- session_server.c: what is said in a room ------------------------------ */

/* Queues n bytes of content from a sender, sealed in an epoch. */
void world_group(struct world *w, uint32_t sender, uint32_t epoch, uint64_t seq,
    const void *content, size_t n, uint8_t bend);
/* A notice; who: those whom it is about. */
void world_notice(
    struct world *w, const struct notice_of *o, uint32_t sealed, uint8_t bend);
struct user world_user(unsigned i, uint32_t member);
struct user world_self(const struct world *w);
void say_key(struct world *w, uint8_t bend);
void say_list(struct world *w, uint8_t bend);
void say_fresh(struct world *w, const char *reason, uint8_t bend);
void say_ack(struct world *w, uint8_t bend);
void say_join(struct world *w, uint8_t bend);
void say_leave(struct world *w, uint8_t bend);
void say_event(struct world *w, uint8_t bend);
void say_message(struct world *w, uint8_t bend);

/* --- session_rooms.c: requests, roles, the log ----------------------------- */

void say_answer(struct world *w, uint8_t bend);
void say_left(struct world *w, uint8_t bend);
void say_voice(struct world *w, uint8_t bend);
void say_act(struct world *w, uint8_t bend);
void say_welcome(struct world *w, uint8_t bend);
/* Marks for the client's frames, or for somebody's that it is not given. */
void say_mark(struct world *w, uint8_t bend);
void say_own_marks(struct world *w);
void say_view(struct world *w, uint8_t bend);

/* --- session_seals.c: the den, as a sealed room ------------------------------ */

/* From the beginning; what the client keeps of it. */
struct seals_ops world_seals(struct world *w);
/* The user gives or makes a secret, or the server names one. */
void say_seal(struct world *w, uint8_t bend);
/* What the room is now, as a notice; the client has asked for another mark. */
void say_room(struct world *w, uint8_t bend);
void say_marked(struct world *w, const struct request *q);
/* Names a secret, with its mark. */
void say_new_mark(
    struct world *w, uint32_t number, const uint8_t secret[WIRE_KEY]);
/* No frame of the client is sealed with what the server has alone. */
void check_sealed(const struct place *p, const struct user *self,
    const struct group_head *h);

/* --- session_direct.c: who else has its secrets, and its topic ---------------- */

/* Adds them to what the client keeps; its prekeys. */
void world_holders(struct world *w, struct seals_ops *ops);
struct direct_ops world_direct(struct world *w);
/* A secret that others made is the room's for the client only after one of them, a
 * holder, has handed it over under that number. */
void check_taken(const struct world *w, const struct seal_secret *s);
/* Somebody hands a secret over, or sets the topic; the user hands the room's over. */
void say_handed(struct world *w, uint8_t bend);
void say_topic(struct world *w, uint8_t bend);
void user_hands(struct world *w, uint8_t b);
/* The answer to a request about prekeys; false: it is about something else. */
bool say_prekeys(struct world *w, const struct request *q, uint8_t bend);

#endif
