/* label.c - builds the labels and contexts of PROTOCOL.md. */
#include <string.h>

#include "shared/proto/label.h"
#include "shared/wire/text.h"

/*@ requires \valid(l) && l->len <= LABEL_MAX && n <= LABEL_MAX - l->len;
    requires \valid_read((uint8_t *)p + (0 .. n - 1));
    requires \separated(l, (uint8_t *)p + (0 .. n - 1));
    assigns l->len, l->p[0 .. LABEL_MAX - 1];
    ensures l->len == \old(l->len) + n; */
static void add(struct label *l, const void *p, size_t n)
{
	memcpy(l->p + l->len, p, n);
	l->len += n;
}

/*@ requires \valid(l) && l->len <= LABEL_MAX - 4;
    assigns l->len, l->p[0 .. LABEL_MAX - 1];
    ensures l->len == \old(l->len) + 4; */
static void add_u32(struct label *l, uint32_t v)
{
	put_u32(l->p + l->len, v);
	l->len += 4;
}

/*@ requires \valid(l) && l->len <= LABEL_MAX - 8;
    assigns l->len, l->p[0 .. LABEL_MAX - 1];
    ensures l->len == \old(l->len) + 8; */
static void add_u64(struct label *l, uint64_t v)
{
	put_u64(l->p + l->len, v);
	l->len += 8;
}

/* Starts a label with its word and the zero byte after it. */
#define BEGIN(l, word) ((l)->len = 0, add((l), (word), sizeof(word)))

void label_pake_context(struct label *out, const uint8_t th2[WIRE_HASH],
    const uint8_t *exporter)
{
	BEGIN(out, WIRE_PROTOCOL);
	out->len--; /* this word has no zero byte */
	add(out, th2, WIRE_HASH);
	if (exporter != NULL)
		add(out, exporter, WIRE_CHANNEL);
}

void label_server_proof(struct label *out, const uint8_t th3[WIRE_HASH],
    const uint8_t share_v[WIRE_SHARE], const uint8_t confirm_v[WIRE_CONFIRM])
{
	BEGIN(out, LABEL_SERVER_PROOF);
	add(out, th3, WIRE_HASH);
	add(out, share_v, WIRE_SHARE);
	add(out, confirm_v, WIRE_CONFIRM);
}

void label_card_aad(struct label *out, const uint8_t th4[WIRE_HASH],
    const uint8_t confirm_p[WIRE_CONFIRM])
{
	out->len = 0;
	add(out, th4, WIRE_HASH);
	add(out, confirm_p, WIRE_CONFIRM);
}

void label_commit(struct label *out, uint32_t room, uint32_t epoch)
{
	BEGIN(out, LABEL_COMMIT);
	add_u32(out, room);
	add_u32(out, epoch);
}

void label_sender(struct label *out, uint32_t room, uint32_t epoch,
    uint32_t sender, const uint8_t card[WIRE_HASH])
{
	BEGIN(out, LABEL_SENDER);
	add_u32(out, room);
	add_u32(out, epoch);
	add_u32(out, sender);
	add(out, card, WIRE_HASH);
}

/* u8 length || the name in ASCII lower case: two spellings of a room's name
 * are one room. */
/*@ requires \valid(l) && n <= WIRE_ROOM_MAX;
    requires l->len <= LABEL_MAX - 1 - n;
    requires \valid_read(name + (0 .. n - 1));
    requires \separated(l, name + (0 .. n - 1));
    assigns l->len, l->p[0 .. LABEL_MAX - 1];
    ensures l->len == \old(l->len) + 1 + n; */
static void add_lower(struct label *l, const char *name, size_t n)
{
	size_t i;

	l->p[l->len++] = (uint8_t)n;
	/*@ loop invariant 0 <= i <= n;
	    loop invariant l->len == \at(l->len, Pre) + 1 + i;
	    loop assigns i, l->len, l->p[0 .. LABEL_MAX - 1];
	    loop variant n - i; */
	for (i = 0; i < n; i++)
		l->p[l->len++] = (uint8_t)text_lower(name[i]);
}

int label_message(struct label *out, const struct label_message_of *m)
{
	const size_t room_len = strlen(m->room_name);
	const size_t name_len = strlen(m->name);
	const uint8_t len = (uint8_t)name_len;

	out->len = 0;
	if (room_len > WIRE_ROOM_MAX || name_len > WIRE_NAME_MAX)
		return ERR_USAGE;
	BEGIN(out, LABEL_MESSAGE);
	add(out, m->server, WIRE_HASH);
	add(out, m->session, WIRE_NONCE);
	add(out, m->log, WIRE_LOG);
	add_lower(out, m->room_name, room_len);
	add_u32(out, m->room);
	add_u32(out, m->epoch);
	add(out, m->commit, WIRE_HASH);
	add(out, m->roster, WIRE_HASH);
	add_u32(out, m->sender);
	add(out, m->card, WIRE_HASH);
	add_u64(out, m->seq);
	add(out, &len, 1);
	add(out, m->name, name_len);
	add(out, m->content, WIRE_HASH);
	return 0;
}

void label_group_key(struct label *out, const uint8_t th5[WIRE_HASH],
    uint32_t room, uint32_t epoch, uint32_t member)
{
	BEGIN(out, LABEL_GROUP_KEY);
	add(out, th5, WIRE_HASH);
	add_u32(out, room);
	add_u32(out, epoch);
	add_u32(out, member);
}
