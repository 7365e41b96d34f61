/* welcome.c - wraps a room's key for a newcomer. */
#include "server/room/welcome.h"

#include <stdio.h>
#include <string.h>

#include "shared/proto/control.h"
#include "shared/proto/label.h"

static int welcome_wrap(struct key_exchange *k, const struct entrant *p,
    const struct room_keys *keys)
{
	uint8_t spki[WIRE_RSA_SPKI_MAX];
	struct kem_rsa_pub *pub = NULL;
	struct label label;
	struct buf wrapped;
	int err;

	buf_init(&wrapped, sizeof(k->wrapped));
	label_group_key(&label, p->th5, k->room, k->epoch, k->member);
	if ((err = entrant_wrap(p, spki)) == 0 &&
	    (err = kem_rsa_pub_from_spki(&pub, spki, p->wrap_len)) == 0 &&
	    (err = kem_rsa_seal(
		 pub, &wrapped, label.p, label.len, keys->secret)) == 0) {
		memcpy(k->wrapped, wrapped.p, wrapped.len);
		k->wrapped_len = wrapped.len;
	}
	kem_rsa_pub_free(pub);
	buf_free(&wrapped);
	return err;
}

int welcome_make(struct frame **out, struct buf *json,
    const struct group_place *place, const struct rekey_wrap *w,
    const struct room_keys *keys)
{
	struct key_exchange k = {.room = keys->epoch.room,
	    .epoch = keys->epoch.epoch,
	    .is_wrapped = true,
	    .member = w->member,
	    .has_since = w->has_since,
	    .since = w->since};
	int err;

	memcpy(k.commit, keys->epoch.commit, sizeof(k.commit));
	memcpy(k.log, place->log, sizeof(k.log));
	snprintf(k.name, sizeof(k.name), "%s", place->room);
	buf_clear(json);
	if ((err = welcome_wrap(&k, w->person, keys)) != 0 ||
	    (err = control_key_exchange(json, &k)) != 0)
		return err;
	*out = frame_key_exchange(json->p, json->len, false);
	if (*out == NULL)
		return ERR_NOMEM;
	(*out)->room = k.room;
	(*out)->part = FRAME_KEY;
	return 0;
}
