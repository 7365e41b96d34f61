/* Fuzzes the JSON inside group frames: the first byte "m" means a member's
 * content, anything else the server's. Accepted content is re-encoded, must be
 * accepted again, and must be unchanged. */
#include "shared/proto/content.h"
#include "shared/wire/text.h"
#include "tests/fuzz/fuzz.h"

static int encode(struct buf *b, const struct content *c)
{
	if (c->type >= CONTENT_MESSAGE && c->type <= CONTENT_REACT)
		return content_said(b, c->type, &c->u.said, c->ts);
	if (c->type == CONTENT_FILE)
		return content_file(b, &c->u.file, c->ts);
	if (c->type == CONTENT_NOTICE && c->u.notice.event != NOTICE_OTHER)
		return notice_encode(b,
		    &(struct notice_of){c->u.notice.event, c->u.notice.epoch,
			c->u.notice.commit, c->u.notice.roster,
			c->u.notice.users, c->u.notice.n_users,
			&c->u.notice.more, c->ts});
	return ERR_AGAIN;
}

/* What the client relies on. */
static void check_said(enum content_type type, const struct content_said *s)
{
	FUZZ_CHECK(text_utf8(s->text, s->text_len));
	FUZZ_CHECK(type == CONTENT_MESSAGE || s->has_about);
	FUZZ_CHECK(type == CONTENT_MESSAGE || !s->action);
	FUZZ_CHECK(s->text_len <= (type == CONTENT_REACT ? WIRE_REACTION_MAX
				   : type == CONTENT_DELETE
				       ? 0
				       : WIRE_TEXT_MAX));
	if (type == CONTENT_MESSAGE || type == CONTENT_EDIT)
		FUZZ_CHECK(s->text_len >= 1);
	if (type == CONTENT_REACT && s->text_len > 0)
		FUZZ_CHECK((uint8_t)s->text[0] > 0x20);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct content c, d;
	struct fuzz f = fuzz_of(data, size);
	bool server = fuzz_u8(&f) != 'm';
	struct buf one, two;
	int r;

	json_setup();
	buf_init(&one, WIRE_JSON_MAX);
	buf_init(&two, WIRE_JSON_MAX);
	r = content_decode(&c, server, f.p, f.left);
	FUZZ_CHECK(r == 0 || err_is_peer(r));
	if (r == 0 && c.type >= CONTENT_MESSAGE && c.type <= CONTENT_REACT) {
		FUZZ_CHECK(!server);
		check_said(c.type, &c.u.said);
	}
	if (r == 0 && encode(&one, &c) == 0) {
		FUZZ_CHECK(content_decode(&d, server, one.p, one.len) == 0);
		FUZZ_CHECK(encode(&two, &d) == 0);
		FUZZ_CHECK(one.len == two.len);
		FUZZ_CHECK(memcmp(one.p, two.p, one.len) == 0);
		content_free(&d);
	}
	content_free(&c);
	buf_free(&one);
	buf_free(&two);
	return 0;
}
