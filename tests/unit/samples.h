/* samples.h - one valid object of each type of control frame and of content,
 * for the tests of both. */
#ifndef CONCLAVE_SAMPLES_H
#define CONCLAVE_SAMPLES_H

#include "shared/proto/content.h"
#include "shared/proto/control.h"

/* The sender: a side of a link, or the sender of a group frame. */
enum by { BY_CLIENT, BY_SERVER, BY_MEMBER, BY_NOTICE };

enum sample_no {
	WRAPPED,
	FRESH,
	LIST,
	LIST_ASK,
	ACK,
	IDENTITY,
	IDENTITY_ASK,
	ERROR,
	BYE,
	PING,
	PONG,
	MESSAGE,
	EDIT,
	DELETE,
	REACT,
	NOTICE,
	NOTICE_OF_ACT,
	NOTICE_OF_ROOM,
	NOTICE_OF_PURGE,
	NOTICE_OF_CHECKPOINT,
	NOTICE_OF_DEVICE,
	ENTRY_LIST,
	ASK_LIST,
	ASK_NEW,
	ASK_SET,
	ASK_JOIN,
	ASK_LEAVE,
	ASK_ACT,
	ASK_HISTORY,
	ASK_EARLIER,
	ASK_PURGE,
	ASK_RECEIPT,
	ASK_PASSWORD,
	ASK_NO_PASSWORD,
	ASK_DEVICES,
	ASK_FORGET,
	ASK_INVITE,
	ASK_INVITES,
	ASK_REVOKE,
	DONE,
	DONE_ROOMS,
	DONE_DEVICES,
	DONE_INVITES,
	DONE_INVITE,
	FAILED,
	WELCOME,
	ROOM_LEFT,
	VOICE,
	STORAGE,
	DEVICE,
	HISTORY,
	ASK_PREKEYS,
	ASK_MINE,
	ASK_GET,
	ASK_BLOCK,
	ASK_BLOCKS,
	DONE_PREKEYS,
	DONE_MINE,
	DONE_BLOCKS,
	DIRECT_FROM,
	DIRECT_ACK,
	PREKEYS_LOW,
	DELIVERED,
	HANDED_OVER,
	SEALED_TOPIC,
	N_SAMPLES
};

struct sample {
	const char *name;
	enum by by;
	bool both; /* the other side may send it as well */
	int (*make)(struct buf *b);
};
extern const struct sample samples[N_SAMPLES];
/* Those around direct messages (samples_direct.c). */
int sample_direct(struct buf *b, enum sample_no id);

/* A user with its own identity. */
void sample_user(struct user *u, uint32_t member, const char *name);
/* The secrets in the two samples of key_exchange, and the id of MESSAGE and
 * the others that members say; they are about sample_about. */
void sample_wrapped(struct key_exchange *k);
void sample_fresh(struct key_exchange *k);
/* The request of a sample ASK_.., and what the others of rooms contain. */
extern const struct room_settings sample_settings;
void sample_request(struct request *q, enum sample_no id);
void sample_answer(struct answer *a, enum sample_no id);
void sample_entry(struct room_entry *e);
void sample_more(struct notice_more *m, enum sample_no id);
void sample_welcome(struct welcome *w);
void sample_left(struct room_left *l);
void sample_voice(struct voice *v);
/* Two runs, three epochs, three users. To be given to log_batch_free. */
void sample_batch(struct log_batch *h);
extern const uint8_t sample_id[WIRE_ID], sample_about[WIRE_ID];

/* Decodes and frees an object; returns only the verdict. Checks that a refused
 * object leaves nothing behind. */
int sample_verdict(enum by by, const void *json, size_t n);

#endif
