/* Fuzzes the filter for terminals and logs, names, passwords, and text width.
 * For any input, the filter's output is UTF-8 without terminal control
 * sequences, and filtering it again changes nothing. */
#include "client/ui/escape.h"
#include "client/ui/mention.h"
#include "client/ui/tui/attention.h"
#include "client/ui/cells.h"
#include "shared/wire/text.h"
#include "tests/fuzz/fuzz.h"

static void check_harmless(const uint8_t *p, size_t n, unsigned flags)
{
	size_t i;

	FUZZ_CHECK(n == 0 || text_utf8(p, n));
	for (i = 0; i < n; i++) {
		FUZZ_CHECK(p[i] >= 0x20 ||
			   (p[i] == '\n' && (flags & TEXT_LINES) != 0));
		FUZZ_CHECK(p[i] != 0x7f);
		FUZZ_CHECK(p[i] < 0x80 || (flags & TEXT_ASCII) == 0);
		if (p[i] == 0xc2 && i + 1 < n)
			FUZZ_CHECK(p[i + 1] >= 0xa0); /* C1 */
		/* Bidi embeddings, overrides and isolates, U+2028, U+2029. */
		if (i + 2 < n && p[i] == 0xe2 && p[i + 1] == 0x80)
			FUZZ_CHECK(p[i + 2] < 0xa8 || p[i + 2] > 0xae);
		if (i + 2 < n && p[i] == 0xe2 && p[i + 1] == 0x81)
			FUZZ_CHECK(p[i + 2] < 0xa5 || p[i + 2] > 0xaf);
	}
}

/* Walks the clusters in both directions, and truncates at some width. */
static void widths(const char *s, size_t n, int cells)
{
	size_t at, next, fit;
	int w, used, sum = 0;
	struct glyph g;
	size_t pos;

	for (at = 0; at < n; at = next) {
		next = cells_next(s, n, at);
		FUZZ_CHECK(next > at && next <= n);
		FUZZ_CHECK(cells_cluster(s + at, n - at, &w) == next - at);
		FUZZ_CHECK(w >= 0 && w <= CELLS_CLUSTER_MAX);
		FUZZ_CHECK(cells_prev(s, n, next) <= at);
		sum += w;
		pos = 0;
		while (cells_glyph(s + at, next - at, &pos, &g)) {
			FUZZ_CHECK(g.width == 1 || g.width == 2);
			FUZZ_CHECK(g.n_marks >= 0 && g.n_marks <= CELLS_MARKS);
			FUZZ_CHECK(pos <= next - at);
		}
	}
	FUZZ_CHECK(cells_width(s, n) == sum);
	fit = cells_fit(s, n, cells, &used);
	FUZZ_CHECK(fit <= n && used <= cells);
	FUZZ_CHECK(cells_width(s, fit) == used);
	(void)cells_rtl(s, n);
}

static void others(const char *s, size_t n)
{
	char out[ATTENTION_MAX];
	size_t k, i;
	struct buf b;

	k = attention_call(out, NOTIFY_OSC777, "alice", s, n, false);
	FUZZ_CHECK(k <= sizeof(out));
	for (i = 1; i + 1 < k; i++)
		FUZZ_CHECK((uint8_t)out[i] >= 0x20);
	(void)mention_in(s, n, "bob");
	buf_init(&b, 1 << 22);
	if (n > 0 && text_utf8(s, n) && buf_put(&b, s, n) == 0)
		(void)!escape_json(&b, 0);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = fuzz_of(data, size);
	uint8_t how = fuzz_u8(&f);
	unsigned flags = how & 15;
	uint8_t *s = fuzz_copy(f.p, f.left);
	struct buf one, two;
	size_t n = f.left;
	char fixed[64];
	int r;

	buf_init(&one, 4 * n + 1);
	buf_init(&two, 12 * n + 1);
	FUZZ_CHECK(text_filter(&one, s, n, flags) == 0);
	check_harmless(one.p, one.len, flags);
	FUZZ_CHECK(text_filter(&two, one.p, one.len, flags) == 0);
	FUZZ_CHECK(one.len == two.len);
	FUZZ_CHECK(one.len == 0 || memcmp(one.p, two.p, one.len) == 0);
	text_filter_fixed(fixed, 2 + how % 62, s, n);
	check_harmless((uint8_t *)fixed, strlen(fixed), 0);
	FUZZ_CHECK(strlen(fixed) < 2u + how % 62);
	widths((const char *)one.p, one.len, how >> 2);
	others((const char *)one.p, one.len);
	others((const char *)s, n);
	buf_clear(&one);
	if (text_name((const char *)s, n))
		FUZZ_CHECK(n <= WIRE_NAME_MAX && text_room((const char *)s, n));
	buf_free(&one);
	buf_init_secret(&one, WIRE_PASSWORD_MAX);
	r = text_password(&one, (const char *)s, n);
	FUZZ_CHECK(r == 0 || r == ERR_USAGE);
	if (r == 0)
		FUZZ_CHECK(one.len >= 1 && text_utf8(one.p, one.len));
	buf_free(&one);
	buf_free(&two);
	free(s);
	return 0;
}
