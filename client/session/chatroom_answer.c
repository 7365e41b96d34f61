/* chatroom_answer.c - what a room does with answers of the server about it, and which
 * of them a user who quits waits for. */
#include "client/session/chatroom_int.h"

/* The notice has come before it, so what it says is known here. */
static int on_receipt(struct chatroom *r, const struct receipt *t)
{
	const struct parties *p = r->o.parties;
	int e = receipt_verify(p->crypto, t, p->server_key);

	return e != 0 ? e : asides_receipt(r->part.asides, p->server_key, t);
}

void chatroom_quit(struct chatroom *r, bool flush)
{
	speech_quit(r->part.speech, flush);
	if (!flush)
		purges_leave(r->part.purges);
}

size_t chatroom_due(const struct chatroom *r)
{
	return speech_due(r->part.speech) + reads_due(&r->part.reads);
}

int chatroom_answer(struct chatroom *r, const struct asked *asked,
    const struct answer *a, uint64_t now_ms)
{
	switch (asked->type) {
	case REQUEST_ROOM_JOIN:
		return chatroom_join_answer(r, a);
	case REQUEST_ROOM_SET:
		return chatroom_mark_answer(r, a);
	case REQUEST_HISTORY:
		return reads_answer(chatroom_reads(r), a, now_ms);
	case REQUEST_RECEIPT:
		return a->done ? on_receipt(r, &a->receipt) : 0;
	case REQUEST_PURGE:
		reads_purged(chatroom_reads(r), asked->offset, a);
		return 0;
	default:
		return chatroom_leave_answer(r);
	}
}
