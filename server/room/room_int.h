/* room_int.h - what the files of a room ask of one another. Inner header of
 * server/room. The room is locked, but in room_appended and
 * room_append_failed (log.h). */
#ifndef CONCLAVED_ROOM_ROOM_INT_H
#define CONCLAVED_ROOM_ROOM_INT_H

#include "server/room/room_state.h"
#include "server/room/shard.h"

/* Why somebody is put out. */
struct room_exit {
	enum wire_code code;
	/* NULL: its whole connection ends with a bye. Otherwise it is out of this
	 * room, and is told who did it ("" for nobody) and why. */
	const char *by, *text;
	bool kick; /* announced as a kick */
};
/* The member has left from now on, and is sent nothing more of the room but the
 * last words. ERR_NOMEM: nothing has changed. A no-op for one who has left. */
int room_put_out(
    struct room *r, struct member *m, const struct room_exit *x) MUST_CHECK;
void room_put_out_all(struct room *r, const struct room_exit *x);

/* room_voice.c */
/* Whether these rights let a member be silent there. Notes when a mute ends. */
bool room_silent(struct room *r, const struct member *m,
    const struct standing_rights *rights);
/* Looks again at a member's role and voice, or at everybody's, and tells those
 * whose voice has changed. True: the next epoch is fresh because of that. */
bool room_restand(struct room *r, struct member *m, const char *by);
bool room_restand_all(struct room *r, const char *by);
/* A mute may have ended. */
void room_voices(struct room *r, uint64_t now_ms);
/* NULL: no memory. */
struct frame *room_voice_frame(
    const struct room *r, const struct member *m, const char *by);

/* room_log.c */
int room_appended(
    void *arg, const struct log_entry *e, const struct log_caller *by);
void room_append_failed(
    void *arg, const struct log_entry *e, int err, const struct log_caller *by);

#endif
