/* server_people.c - the files of the fuzzed server, in place of the process that
 * has them, and what its members ask about themselves, files and direct messages. */
#include "tests/fuzz/server_people.h"

#include <sys/queue.h>

#include "server/store/blob_store.h"
#include "shared/crypto/keys.h"
#include "shared/proto/blob.h"
#include "tests/fuzz/people_of.h"

enum { BLOBS = 8, FULL = 1 << 20 };

/* A blob; its bytes are zeros. */
static struct blob {
	uint8_t id[WIRE_BLOB], owner[BLOB_OWNER];
	uint64_t size, sender;
	uint32_t have;
	bool is, ended;
} blobs[BLOBS];
static STAILQ_HEAD(, blob_ask_item) asked = STAILQ_HEAD_INITIALIZER(asked);
static uint64_t last_id;

/* Nothing waits from the input before. */
void server_files_begin(void)
{
	FUZZ_CHECK(STAILQ_EMPTY(&asked));
	memset(blobs, 0, sizeof(blobs));
	last_id = 0;
}

uint64_t __wrap_blob_store_ask(struct blob_store *b, struct blob_ask_item *i);
uint64_t __wrap_blob_store_ask(struct blob_store *b, struct blob_ask_item *i)
{
	(void)b;
	FUZZ_CHECK(i->m.len <= WIRE_PIECE_SEALED);
	i->m.id = ++last_id;
	STAILQ_INSERT_TAIL(&asked, i, next);
	return i->m.id;
}

static struct blob *find(const uint8_t id[WIRE_BLOB])
{
	size_t i;

	for (i = 0; i < BLOBS; i++)
		if (blobs[i].is && memcmp(blobs[i].id, id, WIRE_BLOB) == 0)
			return &blobs[i];
	return NULL;
}

/* FULL and QUOTA as a real one may say them. */
static enum blob_code make(const struct blob_message *m)
{
	size_t i;

	if (m->size > FULL)
		return BLOB_QUOTA;
	for (i = 0; i < BLOBS && blobs[i].is; i++)
		;
	if (i == BLOBS)
		return BLOB_FULL;
	blobs[i] = (struct blob){.size = m->size, .sender = m->id, .is = true};
	memcpy(blobs[i].id, m->blob, WIRE_BLOB);
	memcpy(blobs[i].owner, m->owner, BLOB_OWNER);
	return BLOB_OK;
}

static enum blob_code put(struct blob *b, const struct blob_message *m)
{
	if (m->size == 0 || m->size != b->sender)
		return BLOB_DENIED;
	/* The relay sees to the order and the lengths. */
	FUZZ_CHECK(!b->ended && m->number == b->have);
	FUZZ_CHECK(m->len == BLOB_SEALED(blob_piece(b->size, b->have)));
	b->have++;
	return BLOB_OK;
}

static enum blob_code end(struct blob *b, const struct blob_message *m)
{
	if (m->number != b->have || b->have != blob_pieces(b->size))
		return BLOB_BAD;
	b->ended = true;
	b->sender = 0;
	return BLOB_OK;
}

static enum blob_code get(struct blob *b, struct blob_ask_item *i)
{
	const size_t n = blob_piece(b->size, i->m.number);

	if (!b->ended)
		return BLOB_NONE;
	if (n == 0)
		return BLOB_BAD;
	i->m.len = BLOB_SEALED(n);
	i->body = calloc(1, i->m.len);
	FUZZ_CHECK(i->body != NULL);
	return BLOB_OK;
}

static enum blob_code of_one(struct blob *b, struct blob_ask_item *i)
{
	const bool own = memcmp(b->owner, i->m.owner, BLOB_OWNER) == 0;

	switch (i->m.kind) {
	case BLOB_ASK_PUT:
		return put(b, &i->m);
	case BLOB_ASK_GET:
		i->m.len = 0;
		return get(b, i);
	case BLOB_ASK_HAVE:
		if (own)
			b->sender = i->m.id;
		return own ? BLOB_OK : BLOB_DENIED;
	case BLOB_ASK_END:
		return own ? end(b, &i->m) : BLOB_DENIED;
	default:
		FUZZ_CHECK(i->m.kind == BLOB_ASK_GONE);
		b->is = !own;
		return own ? BLOB_OK : BLOB_DENIED;
	}
}

/* As the thread of blob_store.c: in their order. */
void server_files_answer(void)
{
	struct blob_ask_item *i;
	struct blob *b;
	enum blob_code code;

	while ((i = STAILQ_FIRST(&asked)) != NULL) {
		STAILQ_REMOVE_HEAD(&asked, next);
		i->body = NULL;
		code = i->m.kind == BLOB_ASK_NEW ? make(&i->m) : BLOB_OK;
		b = find(i->m.blob);
		if (i->m.kind != BLOB_ASK_NEW)
			code = b != NULL ? of_one(b, i) : BLOB_NONE;
		if (i->m.kind != BLOB_ASK_GET || code != BLOB_OK)
			i->m.len = 0;
		i->m.bytes = i->body;
		i->m.code = (uint8_t)code;
		i->m.size = b != NULL ? b->size : 0;
		i->m.number = b != NULL ? b->have : 0;
		i->m.flags = b != NULL && b->ended ? BLOB_IS_ENDED : 0;
		i->got(i);
	}
}

static const char *const people[] = {"alice", "bob", "carol", "dave"};

/* --- what members ask ---------------------------------------------------------- */

static const uint8_t *blob_of(uint8_t no)
{
	return blobs[no % BLOBS].id;
}

static void blob_request(struct request *q, uint8_t what, uint8_t how)
{
	static const uint64_t sizes[] = {4096, 65536, 131072, 262144, 1 << 21};
	const struct blob *b = &blobs[how % BLOBS];

	q->type = (enum request_type)(REQUEST_BLOB_NEW + what % 5);
	memcpy(q->blob.blob, blob_of(how), WIRE_BLOB);
	q->blob.size = sizes[how % 5];
	q->blob.pieces = b->is ? blob_pieces(b->size) : 1u + how;
	q->blob.from = how >> 4;
	q->blob.count = 1u + (how >> 3 & 7);
}

static void prekeys(struct request *q, uint8_t how)
{
	static struct prekeys_set s;
	size_t i;

	memset(&s, 0, sizeof(s));
	s.replace = (how & 1) != 0;
	s.n_once = how >> 1 & 7;
	memset(s.lasting.key, 9, WIRE_X25519 - 1);
	for (i = 0; i < s.n_once; i++) {
		memset(s.once[i].key, 9, WIRE_X25519 - 1);
		s.once[i].key[0] = how;
		s.once[i].key[1] = (uint8_t)i;
	}
	q->type = REQUEST_PREKEYS;
	q->prekeys = &s;
}

struct request server_room_request(uint8_t what, uint8_t how)
{
	static const char *const names[] = {"den", "attic", "lobby", "d0n"};
	static const enum request_type types[] = {REQUEST_ROOM_LIST,
	    REQUEST_ROOM_NEW, REQUEST_ROOM_SET, REQUEST_ROOM_JOIN,
	    REQUEST_ROOM_LEAVE, REQUEST_ACT, REQUEST_ACT, REQUEST_ROOM_JOIN};
	struct request q = {.type = types[what & 7],
	    .room = what >> 3 & 3,
	    .has_topic = (how & 1) != 0,
	    .topic = "x",
	    .settings = {.listed = (how & 2) != 0,
		.invited = (how & 4) != 0,
		.operators_only = (how & 8) != 0},
	    .settings_named = ((how >> 4) & (SETTING_LISTED | SETTING_ENTRY)) |
			      (how & 0x80 ? SETTING_VOICE : 0u),
	    .act = (enum act)(1 + how % (ACTS - 1)),
	    .role = (enum role)((how >> 6) + ROLE_GUEST),
	    .seconds = how >> 3 & 7};

	snprintf(q.name, sizeof(q.name), "%s", names[what >> 3 & 3]);
	snprintf(q.who, sizeof(q.who), "%s", people[what >> 5 & 3]);
	return q;
}

struct request server_people_request(uint8_t what, uint8_t how)
{
	static const enum request_type types[] = {REQUEST_ACCOUNT_DEVICES,
	    REQUEST_ACCOUNT_FORGET, REQUEST_INVITE_LIST, REQUEST_INVITE_REVOKE,
	    REQUEST_PREKEYS_MINE, REQUEST_PREKEYS_GET, REQUEST_BLOCK,
	    REQUEST_BLOCKS};
	struct request q = {.type = types[what & 7], .on = (how & 4) != 0};

	snprintf(q.who, sizeof(q.who), "%s", people[how & 3]);
	memcpy(q.identity, identity_public(people_identity(how & 3)),
	    WIRE_ED25519);
	memset(q.id, 'a' + (how & 7), WIRE_INVITE_ID);
	if ((what & 24) == 0)
		prekeys(&q, how);
	else if ((what & 16) != 0)
		blob_request(&q, what, how);
	return q;
}

/* The next piece of a blob, or one that is not due. */
static void piece(struct buf *body, uint8_t how)
{
	const struct blob *b = &blobs[blobs[how & 3].is ? how & 3 : 0];
	const uint32_t index = b->have + ((how >> 2 & 15) == 15);
	const size_t n = blob_piece(b->size, index);

	/* One more than there may be. */
	FUZZ_CHECK(
	    buf_reserve(body, WIRE_BLOB_HEAD + WIRE_PIECE_SEALED + 1) == 0);
	memset(body->p, 0, WIRE_BLOB_HEAD + WIRE_PIECE_SEALED + 1);
	blob_frame_head(body->p, b->id, index);
	body->len = WIRE_BLOB_HEAD + BLOB_SEALED(n) + ((how >> 2 & 15) == 14);
}

static void letter(struct link *l, struct buf *body, unsigned who,
    uint32_t number, uint8_t how)
{
	uint8_t plain[WIRE_DIRECT_HEAD + 64 + 64 + WIRE_TAG] = {0};
	const unsigned from = fuzz_quick_who((uint8_t)who).person;

	FUZZ_CHECK(ed25519_fingerprint(fuzz_crypto(), plain + 8,
		       identity_public(people_identity(how & 3))) == 0);
	FUZZ_CHECK(ed25519_fingerprint(fuzz_crypto(), plain + 8 + WIRE_HASH,
		       identity_public(people_identity(from))) == 0);
	put_u64(plain, number);
	FUZZ_CHECK(link_direct_seal(l, body, plain, sizeof(plain)) == 0);
}

bool server_people_is_piece(uint8_t how)
{
	return (how & 1) != 0;
}

struct link_frame server_people_frame(struct link *l, struct buf *body,
    unsigned who, uint32_t number, uint8_t how)
{
	const bool is_piece = server_people_is_piece(how);

	buf_clear(body);
	if (is_piece)
		piece(body, how >> 1);
	else
		letter(l, body, who, number, how >> 1);
	return (struct link_frame){.kind = is_piece ? KIND_BLOB : KIND_DIRECT,
	    .body = body->p,
	    .len = body->len};
}
