/* room_log.c - what members say: checks their frames, and acts on them when the
 * log has put them in order. */
#include <string.h>

#include "server/room/archive.h"
#include "server/room/room.h"
#include "server/room/room_int.h"

/* --- frames from members ------------------------------------------------- */

/* Checks what is wrong in any order of events. */
static int propose_check(
    const struct room *r, const struct member *m, const struct group_head *h)
{
	if (h->offset != 0)
		return ERR_RANGE;
	if (h->room != r->o.id)
		return ERR_ROOM;
	if (h->sender != m->number)
		return ERR_MEMBER;
	if (h->epoch > r->rekey.epoch || h->epoch < m->first_epoch)
		return ERR_EPOCH;
	return 0;
}

/* Locked. Takes over the frame's reference. */
static int propose(struct room *r, const struct member *m,
    const struct group_head *h, struct frame *p)
{
	struct log_entry e = {.room = r->o.id,
	    .sender = h->sender,
	    .bytes = p->bytes + WIRE_FRAME_HEAD,
	    .len = p->len - WIRE_FRAME_HEAD,
	    .crypto = shard_crypto(m),
	    .cookie = p};
	int err = propose_check(r, m, h);

	if (err != 0) {
		frame_unref(p);
		return err;
	}
	return log_append(r->log, &e);
}

int room_group(
    struct member *m, const uint8_t *body, size_t n, const uint8_t *digest)
{
	struct room *r = member_room(m);
	struct group_head h;
	struct frame *p;
	int err;

	if ((err = group_head_decode(&h, body, n)) != 0)
		return err;
	/* Copies it, and hashes it if need be, before taking the room's lock. */
	if ((p = frame_group(shard_crypto(m), body, n, digest)) == NULL)
		return ERR_NOMEM;
	room_lock(r);
	err = propose(r, m, &h, p);
	room_unlock(r);
	return err;
}

/* --- entries that the log has ordered ------------------------------------ */

/* Judges an entry. Depends on nothing but the room's state and the entry.
 * Locked. Takes over the frame's reference. */
static int judge(struct room *r, struct crypto *c, struct member *m,
    const struct group_head *h, struct frame *p)
{
	struct room_event event = {.what = ROOM_EVENT_FRAME,
	    .from = h->sender,
	    .epoch = h->epoch,
	    .sender = m,
	    .seq = h->seq};
	struct log_head head = r->head;
	int err = 0;

	/* It was sealed before the fence: the sender will seal it again and
	 * resend it with this seq. Or its sender has just been removed, or
	 * told that it may not speak. */
	if (m == NULL || m->left || h->epoch < r->rekey.fence ||
	    h->epoch <= m->silent_epoch)
		goto out;
	if (m->silent) {
		err = ERR_STATE;
		goto out;
	}
	if (h->seq != m->seq + 1) {
		err = h->seq <= m->seq ? ERR_REPLAYED : ERR_GAP;
		goto out;
	}
	if ((err = room_mail_reserve(&r->mail, 1)) != 0)
		goto out;
	if ((err = log_head_add(c, &head, frame_digest(p))) != 0)
		goto out;
	frame_number(p, head.offset);
	if ((err = archive_entry(r, &r->head, &head, p)) != 0)
		goto out;
	r->head = head;
	event.offset = head.offset;
	event.u.frame = p;
	m->seq = h->seq;
	r->rekey.said = true;
	if (++r->rekey.frames == WIRE_REKEY_FRAMES)
		rekey_look(&r->rekey);
	room_mail_post(&r->mail, &event, m->mailbox);
	return 0;
out:
	frame_unref(p);
	return err;
}

/* Handles an entry that came back later, so no caller can get its error. */
static void judged_late(struct room *r, struct member *m, int err)
{
	const struct room_exit x = {
	    .code = err_is_peer(err) ? CODE_PROTOCOL : CODE_SHUTDOWN};

	if (m != NULL && err != 0)
		(void)!room_put_out(r, m, &x);
}

int room_appended(
    void *arg, const struct log_entry *e, const struct log_caller *by)
{
	struct room *r = arg;
	struct group_head h;
	struct member *m;
	int err;

	if (!by->in_append)
		room_lock(r);
	m = member_list_find(&r->members.in, e->sender);
	if ((err = group_head_decode(&h, e->bytes, e->len)) != 0)
		frame_unref(e->cookie);
	else
		err = judge(r, by->crypto, m, &h, e->cookie);
	if (!by->in_append) {
		judged_late(r, m, err);
		room_unlock(r);
	}
	return err;
}

/* The entry is neither delivered nor acknowledged: its sender reconnects and
 * sends it again. */
void room_append_failed(
    void *arg, const struct log_entry *e, int err, const struct log_caller *by)
{
	struct room *r = arg;

	frame_unref(e->cookie);
	if (by->in_append)
		return; /* log_append returns err */
	room_lock(r);
	judged_late(r, member_list_find(&r->members.in, e->sender), err);
	room_unlock(r);
}
