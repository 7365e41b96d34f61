/* room_info.c - encodes and decodes roles, acts, and the settings of rooms. */
#include "shared/proto/room_info.h"

#include <string.h>

#include "shared/wire/text.h"

static const char *const roles[] = {"guest", "member", "operator", "owner"};
enum { ROLES = sizeof(roles) / sizeof(roles[0]) };
static const char *const acts[ACTS] = {
    [ACT_NONE] = "",
    [ACT_KICK] = "kick",
    [ACT_BAN] = "ban",
    [ACT_UNBAN] = "unban",
    [ACT_MUTE] = "mute",
    [ACT_UNMUTE] = "unmute",
    [ACT_ROLE] = "role",
    [ACT_INVITE] = "invite",
    [ACT_UNINVITE] = "uninvite",
};
const char *const room_history_words[] = {
    [HISTORY_NONE] = "none",
    [HISTORY_MEMBERS] = "members",
    [HISTORY_ALL] = "all",
    NULL,
};
enum { HISTORIES = HISTORY_ALL + 1 };
static const char *const entries[] = {"open", "invited"};
static const char *const voices[] = {"all", "operators"};

const struct room_settings room_settings_default = {
    .listed = true, .history = HISTORY_NONE};

/* The index of a word; n: it is not among them. */
static size_t word_index(const char *const *words, size_t n, const char *word)
{
	size_t i;

	for (i = 0; i < n && strcmp(words[i], word) != 0; i++)
		;
	return i;
}

const char *role_word(enum role r)
{
	return roles[r - ROLE_GUEST];
}

bool role_of(enum role *out, const char *word)
{
	const size_t i = word_index(roles, ROLES, word);

	if (i < ROLES)
		*out = (enum role)((int)i + ROLE_GUEST);
	return i < ROLES;
}

const char *act_word(enum act a)
{
	return acts[a];
}

enum act act_of(const char *word)
{
	const size_t i = word_index(acts, ACTS, word);

	return i < ACTS ? (enum act)i : ACT_NONE;
}

/* --- settings ------------------------------------------------------------- */

static const struct {
	const char *key;
	enum setting_bit bit;
} keys[] = {
    {"listed", SETTING_LISTED},
    {"entry", SETTING_ENTRY},
    {"history", SETTING_HISTORY},
    {"keep_days", SETTING_KEEP_DAYS},
    {"keep_count", SETTING_KEEP_COUNT},
    {"voice", SETTING_VOICE},
    {"sealed", SETTING_SEALED},
};
enum { N_KEYS = sizeof(keys) / sizeof(keys[0]) };

static int get_bool(const json_t *o, const char *key, bool *out)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_boolean(v))
		return ERR_JSON;
	*out = json_is_true(v);
	return 0;
}

/* *out is the index of the word in `words`. */
static int get_word(const json_t *o, const char *key, const char *const *words,
    size_t n, size_t *out)
{
	const char *word;
	size_t len;
	int r;

	if ((r = json_str(o, key, &word, &len)) != 0)
		return r;
	*out = word_index(words, n, word);
	return *out < n ? 0 : ERR_RANGE;
}
#define WORDS(a) (a), sizeof(a) / sizeof((a)[0])

static int get_setting(
    struct room_settings *s, const json_t *o, enum setting_bit bit)
{
	size_t i = 0;
	int r = 0;

	switch (bit) {
	case SETTING_LISTED:
		return get_bool(o, "listed", &s->listed);
	case SETTING_SEALED:
		return get_bool(o, "sealed", &s->sealed);
	case SETTING_KEEP_DAYS:
		return json_u32(o, "keep_days", &s->keep_days);
	case SETTING_KEEP_COUNT:
		return json_u32(o, "keep_count", &s->keep_count);
	case SETTING_ENTRY:
		r = get_word(o, "entry", WORDS(entries), &i);
		s->invited = i == 1;
		return r;
	case SETTING_VOICE:
		r = get_word(o, "voice", WORDS(voices), &i);
		s->operators_only = i == 1;
		return r;
	case SETTING_HISTORY:
		r = get_word(o, "history", room_history_words, HISTORIES, &i);
		s->history = (enum room_history)i;
		return r;
	case SETTINGS_ALL:
		break;
	}
	return ERR_USAGE;
}

int room_settings_decode(
    struct room_settings *out, unsigned *named, const json_t *o)
{
	struct room_settings s = *out;
	unsigned found = 0;
	const json_t *in;
	size_t i;
	int r;

	if ((r = json_obj(o, "settings", &in)) != 0)
		return r;
	for (i = 0; i < N_KEYS; i++) {
		if (json_object_get(in, keys[i].key) == NULL)
			continue;
		if ((r = get_setting(&s, in, keys[i].bit)) != 0)
			return r;
		found |= keys[i].bit;
	}
	if (named == NULL && found != SETTINGS_ALL)
		return ERR_JSON;
	if (named != NULL)
		*named = found;
	*out = s;
	return 0;
}

void room_settings_encode(
    struct json_w *w, const struct room_settings *s, unsigned named)
{
	json_open_obj(w, "settings");
	if (named & SETTING_LISTED)
		json_put_bool(w, "listed", s->listed);
	if (named & SETTING_ENTRY)
		json_put_str(w, "entry", entries[s->invited]);
	if (named & SETTING_HISTORY)
		json_put_str(w, "history", room_history_words[s->history]);
	if (named & SETTING_KEEP_DAYS)
		json_put_int(w, "keep_days", s->keep_days);
	if (named & SETTING_KEEP_COUNT)
		json_put_int(w, "keep_count", s->keep_count);
	if (named & SETTING_VOICE)
		json_put_str(w, "voice", voices[s->operators_only]);
	if (named & SETTING_SEALED)
		json_put_bool(w, "sealed", s->sealed);
	json_close(w, '}');
}

void room_settings_change(
    struct room_settings *s, const struct room_settings *to, unsigned named)
{
	if (named & SETTING_LISTED)
		s->listed = to->listed;
	if (named & SETTING_ENTRY)
		s->invited = to->invited;
	if (named & SETTING_HISTORY)
		s->history = to->history;
	if (named & SETTING_KEEP_DAYS)
		s->keep_days = to->keep_days;
	if (named & SETTING_KEEP_COUNT)
		s->keep_count = to->keep_count;
	if (named & SETTING_VOICE)
		s->operators_only = to->operators_only;
	if (named & SETTING_SEALED)
		s->sealed = to->sealed;
}

/* --- lists of rooms ------------------------------------------------------- */

void room_infos_encode(
    struct json_w *w, const struct room_info *rooms, size_t n)
{
	size_t i;

	json_open_arr(w, "rooms");
	for (i = 0; i < n; i++) {
		json_open_obj(w, NULL);
		json_put_int(w, "id", rooms[i].id);
		json_put_str(w, "name", rooms[i].name);
		json_put_str(w, "topic", rooms[i].topic);
		json_put_u63(w, "people", rooms[i].people);
		json_put_bool(w, "mine", rooms[i].mine);
		room_settings_encode(w, &rooms[i].settings, SETTINGS_ALL);
		json_close(w, '}');
	}
	json_close(w, ']');
}

static int room_info_decode(struct room_info *out, const json_t *o)
{
	const char *name;
	size_t len;
	int r;

	memset(out, 0, sizeof(*out));
	if (!json_is_object(o))
		return ERR_JSON;
	if ((r = json_member(o, "id", &out->id)) != 0 ||
	    (r = json_str(o, "name", &name, &len)) != 0)
		return r;
	if (!text_room(name, len))
		return ERR_NAME;
	memcpy(out->name, name, len + 1);
	if ((r = json_text(o, "topic", out->topic, WIRE_SHORT_TEXT_MAX)) != 0 ||
	    (r = json_u63(o, "people", &out->people)) != 0 ||
	    (r = get_bool(o, "mine", &out->mine)) != 0)
		return r;
	return room_settings_decode(&out->settings, NULL, o);
}

static bool ascending(const char *a, const char *b)
{
	while (*a != '\0' && text_lower(*a) == text_lower(*b)) {
		a++;
		b++;
	}
	return text_lower(*a) < text_lower(*b);
}

int room_infos_decode(
    struct room_info out[WIRE_ROOM_PAGE], size_t *n, const json_t *o)
{
	const json_t *array;
	size_t i, count;
	int r;

	*n = 0;
	if ((r = json_arr(o, "rooms", &array)) != 0)
		return r;
	if ((count = json_array_size(array)) > WIRE_ROOM_PAGE)
		return ERR_RANGE;
	for (i = 0; i < count; i++) {
		r = room_info_decode(&out[i], json_array_get(array, i));
		if (r == 0 && i > 0 && !ascending(out[i - 1].name, out[i].name))
			r = ERR_RANGE;
		if (r != 0)
			return r;
	}
	*n = count;
	return 0;
}
