/* room_info.h - what a room is set to, and who may do what in it: the words
 * of PROTOCOL.md section 5a that requests, notices, lists and the log of acts
 * have in common. */
#ifndef SHARED_PROTO_ROOM_INFO_H
#define SHARED_PROTO_ROOM_INFO_H

#include "shared/wire/json.h"
#include "shared/wire/wire.h"

/* In ascending order of rights. */
enum role { ROLE_GUEST = -1, ROLE_MEMBER, ROLE_OPERATOR, ROLE_OWNER };
const char *role_word(enum role r);
/* False, with *out unchanged: no role has this word. */
bool role_of(enum role *out, const char *word);

/* ACT_NONE is no act; as a received word, one that we do not know. */
enum act {
	ACT_NONE,
	ACT_KICK,
	ACT_BAN,
	ACT_UNBAN,
	ACT_MUTE,
	ACT_UNMUTE,
	ACT_ROLE,
	ACT_INVITE,
	ACT_UNINVITE,
};
enum { ACTS = ACT_UNINVITE + 1 };
const char *act_word(enum act a); /* "" for ACT_NONE */
enum act act_of(const char *word);

enum room_history { HISTORY_NONE, HISTORY_MEMBERS, HISTORY_ALL };
extern const char *const room_history_words[]; /* by it; NULL last */
struct room_settings {
	bool listed;  /* shown to who is not in it */
	bool invited; /* "entry": only who is invited may enter */
	enum room_history history;
	uint32_t keep_days, keep_count; /* 0: no limit */
	bool operators_only;		/* "voice": only operators may speak */
	bool sealed;
};
/* Some of the settings, as a set. */
enum setting_bit {
	SETTING_LISTED = 1,
	SETTING_ENTRY = 2,
	SETTING_HISTORY = 4,
	SETTING_KEEP_DAYS = 8,
	SETTING_KEEP_COUNT = 16,
	SETTING_VOICE = 32,
	SETTING_SEALED = 64,
	SETTINGS_ALL = 127,
};
/* Listed, open to everybody, without a history, everybody speaks. */
extern const struct room_settings room_settings_default;

/* The object under "settings": those in the set `named`, or all. Decoding
 * changes only those that are there; *named gets their set, and NULL requires
 * all. ERR_JSON: a wrong type, or a missing key. ERR_RANGE: a word that we do
 * not know. */
void room_settings_encode(
    struct json_w *w, const struct room_settings *s, unsigned named);
int room_settings_decode(
    struct room_settings *out, unsigned *named, const json_t *o) MUST_CHECK;
/* Changes those of *s that are in the set to what `to` has. */
void room_settings_change(
    struct room_settings *s, const struct room_settings *to, unsigned named);

/* A room in a list. */
struct room_info {
	uint32_t id; /* never 0 */
	char name[WIRE_ROOM_MAX + 1], topic[WIRE_SHORT_TEXT_MAX + 1];
	uint64_t people;
	bool mine; /* the asker is in it, or invited */
	struct room_settings settings;
};
/* The array "rooms", ascending by name in lower case, at most WIRE_ROOM_PAGE.
 * Errors as above; ERR_NAME, ERR_TEXT. */
void room_infos_encode(
    struct json_w *w, const struct room_info *rooms, size_t n);
int room_infos_decode(struct room_info out[WIRE_ROOM_PAGE], size_t *n,
    const json_t *o) MUST_CHECK;

#endif
