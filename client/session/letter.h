/* letter.h - one direct message on its way, with the devices it is for and the
 * frames that were sealed for them. letters.h has all of them. */
#ifndef CONCLAVE_SESSION_LETTER_H
#define CONCLAVE_SESSION_LETTER_H

#include <sys/queue.h>

#include "client/session/direct_env.h"
#include "shared/proto/content.h"

enum letter_state {
	LETTER_NEW,	/* to ask for devices */
	LETTER_ASKED,
	LETTER_READY,	/* all devices are known: to be judged and sealed */
	LETTER_HELD,	/* by a changed key */
	LETTER_SEALED,	/* its frames are sent until each is answered */
};

struct letter_device {
	uint8_t identity[WIRE_ED25519], fingerprint[WIRE_HASH];
	uint8_t key[WIRE_X25519];
	bool has_key, stale; /* stale: but it is too old */
	bool own;	     /* of the user */
	bool go;	     /* a frame is sealed for it */
};

struct letter_frame {
	struct buf body;
	uint32_t number;
	bool own, sent, answered, kept;
	const struct letter_device *device; /* borrowed */
	uint8_t key[WIRE_KEY_IV];	    /* of the frame; secret */
};

struct letter {
	TAILQ_ENTRY(letter) next;
	char name[WIRE_NAME_MAX + 1];
	uint8_t id[WIRE_ID];
	struct buf content, copy;	     /* secret; copy may be empty */
	/* Owned; NULL: it is a message. Else it says which messages were shown, or
	 * with `keeps` that the user keeps a transcript, or no longer. */
	struct content_delivered *delivered;
	bool keeps, keeps_on;
	struct direct_hand seal; /* room NULL: it hands nothing over */
	enum letter_state state;
	bool own, has_after; /* NEW, ASKED: whose devices, and after which */
	uint8_t after[WIRE_ED25519];
	uint32_t number; /* ASKED */
	bool known_only; /* the user wants it to go to known devices only */
	bool sealed;	 /* or further */
	struct letter_device *device; /* owned */
	size_t n_devices, cap;
	struct letter_frame *frame; /* owned */
	size_t n_frames;
	enum wire_code code; /* why it was refused */
	char why[WIRE_SHORT_TEXT_MAX + 1];
};
TAILQ_HEAD(letter_list, letter);

struct letter_new {
	const char *name; /* of the recipient */
	const uint8_t *id;
	const struct buf *content, *copy; /* copy NULL: none */
	const struct direct_hand *seal;	  /* NULL: it is said */
};
/* Whether it is something that the user has said. */
static inline bool letter_is_said(const struct letter *t)
{
	return t->delivered == NULL && t->seal.room == NULL;
}
struct letter *letter_new(const struct letter_new *n); /* NULL: no memory */
struct letter *letter_new_delivered(const char *name);
struct letter *letter_new_keeps(const char *name, bool on);
void letter_free(struct letter *t); /* wipes */
/* Appends a zeroed device. ERR_LIMIT, ERR_NOMEM. */
int letter_device(struct letter *t, struct letter_device **out) MUST_CHECK;
/* Whether none of its devices is the user's own. */
bool letter_alone(const struct letter *t);

/* Takes a device of that account; *lie: the key that the server gives is not its
 * owner's. */
int letter_take(struct letter *t, const struct direct_env *e, const char *name,
    const struct prekeys_device *d, bool *lie) MUST_CHECK;
/* Which devices it may go to: out->go. Those of the recipient with a changed key
 * are counted; one of the user's own that they have not accepted gets no copy. */
int letter_judge(struct letter *t, const struct direct_env *e,
    size_t *changed) MUST_CHECK;
/* Why the device that a secret is for cannot get it: of what letter_judge found. */
const char *letter_why_not(const struct letter *t, const struct direct_env *e);
/* Makes the frames of the devices with `go`. */
int letter_seal(struct letter *t, const struct direct_env *e) MUST_CHECK;
/* Sends those that are not sent on this connection, at most max. */
int letter_send(struct letter *t, const struct direct_env *e,
    size_t max) MUST_CHECK;
bool letter_unsent(const struct letter *t);
/* Whether the answer is to one of its frames. *all: it was the last one. */
bool letter_answered(struct letter *t, const struct answer *a, bool *all);
/* EVENT_ENTRY for each frame for the recipient that was taken. */
int letter_record(const struct letter *t, const struct direct_env *e) MUST_CHECK;
/* Whether a frame for the recipient was taken. */
bool letter_kept(const struct letter *t);
void letter_lost(struct letter *t);
/* Its requests without an answer. */
size_t letter_open(const struct letter *t);

#endif
