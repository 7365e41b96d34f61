/* Invites: parsing, building and bounds of conclave:// URIs. */
#include "tests/unit/check.h"

#include "shared/wire/uri.h"

#define FP    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define FP1   "AAECAwQFBgcICQoLDA0ODxAREhM"
#define FP2   "UFRYXGBkaGxwdHh8"
#define WHOLE "conclave://h:1/r#" FP
#define ID     "abcdefg7"
#define SECRET "AAECAwQFBgcICQoLDA0ODw"
#define MINE   "conclave://h:1/r#" FP ",i=" ID "." SECRET
#define H10   "0123456789"
#define H100  H10 H10 H10 H10 H10 H10 H10 H10 H10 H10

struct good {
	const char *text, *host, *port, *path, *room;
	bool fingerprint;
	const char *built; /* NULL: the same as the text */
};

static const struct good goods[] = {
    {"conclave://example.org:2528/lobby#" FP, "example.org", "2528", "",
	"lobby", true, NULL},
    {"conclave://example.org:2528/lobby#" FP "=", "example.org", "2528", "",
	"lobby", true, "conclave://example.org:2528/lobby#" FP},
    {"conclave://example.org/lobby#" FP, "example.org", "2528", "", "lobby",
	true, "conclave://example.org:2528/lobby#" FP},
    {"conclave://example.org#" FP, "example.org", "2528", "", "", true,
	"conclave://example.org:2528#" FP},
    {"conclave://example.org/", "example.org", "2528", "", "", false,
	"conclave://example.org:2528"},
    {"conclave://h:1/a.b_c-d", "h", "1", "", "a.b_c-d", false, NULL},
    {"conclave://h:65535/lobby", "h", "65535", "", "lobby", false, NULL},
    {"conclave://[::1]:2528/lobby#" FP, "::1", "2528", "", "lobby", true, NULL},
    {"conclave://[fe80::1%eth0]:9/lobby", "fe80::1%eth0", "9", "", "lobby",
	false, NULL},
    {"conclave+unix:///run/c.sock?room=lobby#" FP, "", "", "/run/c.sock",
	"lobby", true, NULL},
    {"conclave+unix:///run/c.sock", "", "", "/run/c.sock", "", false, NULL},
    {"conclave+unix:///a%20%23%3F%25b#" FP, "", "", "/a #?%b", "", true, NULL},
    {"conclave+unix:///a%c3%a9", "", "", "/a\xc3\xa9", "", false,
	"conclave+unix:///a%C3%A9"},
    {"localhost", "localhost", "2528", "", "", false,
	"conclave://localhost:2528"},
    {"localhost:7", "localhost", "7", "", "", false, "conclave://localhost:7"},
    {"192.0.2.7:2528", "192.0.2.7", "2528", "", "", false,
	"conclave://192.0.2.7:2528"},
    {"[2001:db8::7]", "2001:db8::7", "2528", "", "", false,
	"conclave://[2001:db8::7]:2528"},
    {"[2001:db8::7]:80", "2001:db8::7", "80", "", "", false,
	"conclave://[2001:db8::7]:80"},
    {"unix:/run/c.sock", "", "", "/run/c.sock", "", false,
	"conclave+unix:///run/c.sock"},
    {"/run/a?b#c%20", "", "", "/run/a?b#c%20", "", false,
	"conclave+unix:///run/a%3Fb%23c%2520"},
    {"CONCLAVE://h/", "h", "2528", "", "", false, "conclave://h:2528"},
    {"h:1 ", "h", "1", "", "", false, "conclave://h:1"},
    {" \t[::1]:1\r\n", "::1", "1", "", "", false, "conclave://[::1]:1"},
    {"UNIX:/c", "", "", "/c", "", false, "conclave+unix:///c"},
    /* beside it in mails, documents and web pages */
    {"<conclave://h:1/r#" FP ">", "h", "1", "", "r", true, WHOLE},
    {" \"conclave://h:1/r#" FP "\" ", "h", "1", "", "r", true, WHOLE},
    {"'\xe2\x80\x9c" WHOLE "\xe2\x80\x9d'", "h", "1", "", "r", true, WHOLE},
    {"\xef\xbb\xbf\xc2\xa0" WHOLE "\xe2\x80\x8b", "h", "1", "", "r", true,
	WHOLE},
    {"(" WHOLE ")", "h", "1", "", "r", true, WHOLE},
    {WHOLE ".", "h", "1", "", "r", true, WHOLE},
    /* wrapped */
    {"conclave://h:1/r#" FP1 "\n" FP2, "h", "1", "", "r", true, WHOLE},
    {"conclave://h:1/r#" FP1 " \r\n  " FP2 "\r\n", "h", "1", "", "r", true,
	WHOLE},
    {"conclave://h:1/r#" FP1 "\n> " FP2, "h", "1", "", "r", true, WHOLE},
    {"conclave://h:1/r#" FP1 " " FP2, "h", "1", "", "r", true, WHOLE},
    {"conclave://h:1/\nr\n#" FP, "h", "1", "", "r", true, WHOLE},
    {"conclave+unix:///a b?\nroom=r#" FP1 "\n" FP2, "", "", "/a b", "r", true,
	"conclave+unix:///a%20b?room=r#" FP},
    /* personal ones */
    {MINE, "h", "1", "", "r", true, NULL},
    {MINE ").", "h", "1", "", "r", true, MINE},
    {"conclave://h:1/r#" FP "=,i=" ID "." SECRET, "h", "1", "", "r", true,
	MINE},
    {"conclave://h:1/r#" FP ",\ni=" ID ".AAECAwQF\n> BgcICQoLDA0ODw", "h",
	"1", "", "r", true, MINE},
    {"conclave+unix:///c?room=r#" FP ",i=" ID "." SECRET, "", "", "/c", "r",
	true, NULL},
};

/* Cut before its end. */
static const char *const cuts[] = {
    "conclave://h/lobby#",
    "conclave://h/lobby#AAAA",
    "conclave://h/lobby#" FP1 "\n",
    "<conclave://h/lobby#" FP1 ">",
    "conclave+unix:///c#",
    "conclave://h/lobby#" FP ",i",
    "conclave://h/lobby#" FP ",i=",
    "conclave://h/lobby#" FP ",i=" ID,
    "conclave://h/lobby#" FP ",i=" ID "." H10,
};

static const char *const bads[] = {
    "",
    ":",
    ":2528", /* a server can listen on it, but a client cannot connect */
    "h:",
    "h:0",
    "h:00",
    "h:01",
    "h:65536",
    "h:99999",
    "h:100000",
    "h:+1",
    "h: 1",
    "h:1x",
    "h:1:2",
    "::1",
    "::1:2528",
    "[::1",
    "[]",
    "[]:1",
    "[a]",
    "[::1]2528",
    "[::1]:",
    "[::1]:0",
    "[::g]",
    "[::1%]",
    "[::1%a/b]",
    "-h",
    "h h",
    "h/lobby",
    "h#" FP,
    "user@h",
    "h\x1b[1m",
    "h\xc3\xa9",
    "http://h/",
    "conclave:h",
    "conclave:/h",
    "conclave://",
    "conclave:///lobby",
    "conclave://:2528/lobby",
    "conclave://h:0/lobby",
    "conclave://h/lobby/",
    "conclave://h//lobby",
    "conclave://h/-lobby",
    "conclave://h/lo bby",
    "conclave://h/lobby?x",
    "conclave://h/" H10 H10 H10 "abc", /* 33 bytes */
    "conclave://h/lobby#" FP "A",
    "conclave://h/lobby#" FP "==",
    "conclave://h/lobby#" FP "#",
    "conclave://h/lobby#,i=" ID "." SECRET,
    "conclave://h/lobby#" FP1 ",i=" ID "." SECRET,
    "conclave://h/lobby,i=" ID "." SECRET,
    "conclave://h/lobby#i=" ID "." SECRET,
    "conclave://h/lobby#" FP ",,i=" ID "." SECRET,
    "conclave://h/lobby#" FP ",I=" ID "." SECRET,
    "conclave://h/lobby#" FP ",i=." SECRET,
    "conclave://h/lobby#" FP ",i=abcdefg." SECRET,
    "conclave://h/lobby#" FP ",i=" ID "a." SECRET,
    "conclave://h/lobby#" FP ",i=abcdefG7." SECRET,
    "conclave://h/lobby#" FP ",i=abcdefg8." SECRET,
    "conclave://h/lobby#" FP ",i=abcdefg1." SECRET,
    "conclave://h/lobby#" FP ",i=" ID "." SECRET "A",
    "conclave://h/lobby#" FP ",i=" ID "." SECRET "==",
    /* a nonzero bit below the last whole byte */
    "conclave://h/lobby#" FP ",i=" ID ".AAECAwQFBgcICQoLDA0ODx",
    "conclave://h/lobby#" FP ",i=" ID ".AAECAwQFBgcICQoLDA0O+w",
    "conclave://h/lobby#" FP ",i=" ID "." SECRET ",i=" ID "." SECRET,
    "conclave://h/lobby#" FP ",i=" ID "." SECRET ",x=" FP,
    "conclave://h/lobby#" FP ",x",
    /* a nonzero bit below the last whole byte */
    "conclave://h/lobby#AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9",
    "conclave://h/lobby#AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+",
    "conclave://h/lobby and more",
    "conclave://h/lobby\nand more",
    "conclave://h/lobby#" FP " more",
    "conclave://h/lobby#AAAA>AAAA",
    "<h",
    "<[::1]",
    "conclave+unix://",
    "conclave+unix:///",
    "conclave+unix://run/c.sock",
    "conclave+unix:///c?",
    "conclave+unix:///c?room=",
    "conclave+unix:///c?room=a&x=y",
    "conclave+unix:///c?Room=a",
    "conclave+unix:///c%",
    "conclave+unix:///c%2",
    "conclave+unix:///c%zz",
    "conclave+unix:///c%00",
    "conclave+unix:///c%1b",
    "conclave+unix:///c%ff",
    "unix:",
    "unix:/",
    "unix:c.sock",
    "/a\nb",
    "/a\x7f",
    "/\xff",
};

static void test_good(void **state)
{
	const struct good *g = *state;
	struct uri u;
	struct buf b;
	const char *want = g->built != NULL ? g->built : g->text;
	size_t i;

	assert_int_equal(uri_parse(&u, g->text), 0);
	assert_string_equal(u.host, g->host);
	assert_string_equal(u.port, g->port);
	assert_string_equal(u.path, g->path);
	assert_string_equal(u.room, g->room);
	assert_int_equal(u.has_fingerprint, g->fingerprint);
	for (i = 0; g->fingerprint && i < WIRE_HASH; i++)
		assert_int_equal(u.fingerprint[i], i);
	assert_string_equal(u.invite, strstr(want, ",i=") != NULL ? ID : "");
	assert_string_equal(u.secret, u.invite[0] != '\0' ? SECRET : "");

	buf_init(&b, 1024);
	assert_int_equal(uri_build(&b, &u), 0);
	assert_int_equal(b.len, strlen(want));
	assert_memory_equal(b.p, want, b.len);
	buf_free(&b);
}

static void test_bad(void **state)
{
	struct uri u, before;

	memset(&u, 0x5a, sizeof(u));
	before = u;
	assert_int_equal(uri_parse(&u, *state), ERR_USAGE);
	assert_memory_equal(&u, &before, sizeof(u));
}

static void test_cut(void **state)
{
	struct uri u, before;

	memset(&u, 0x5a, sizeof(u));
	before = u;
	assert_int_equal(uri_parse(&u, *state), ERR_TRUNC);
	assert_memory_equal(&u, &before, sizeof(u));
	assert_true(uri_unfinished(*state));
	assert_non_null(strstr(uri_wrong(*state), "cut"));
}

/* Every beginning of a personal invite is a cut one, from the '#' on, except
 * that the fingerprint alone is an invite, and so is the text with the comma
 * after it, which may be of the sentence around it. */
static void test_cut_anywhere(void **state)
{
	const size_t whole = strlen(MINE), hash = strlen("conclave://h:1/r#");
	char text[sizeof(MINE)];
	struct uri u;
	size_t n;
	int want;

	(void)state;
	for (n = hash; n <= whole; n++) {
		memcpy(text, MINE, n);
		text[n] = '\0';
		want = n == whole || n == hash + 43 || n == hash + 44
			   ? 0
			   : ERR_TRUNC;
		assert_int_equal(uri_parse(&u, text), want);
		if (want == 0)
			assert_string_equal(
			    u.secret, n == whole ? SECRET : "");
		assert_int_equal(uri_unfinished(text),
		    n != whole && n != hash + 43);
	}
}

#define SEALED MINE ",s=" FP

/* The secret of a sealed room, behind an invite or without one. */
static void test_sealed(void **state)
{
	static const char *const bad[] = {
	    "conclave://h:1/#" FP ",s=" FP,	       /* no room */
	    "conclave://h:1/r#" FP ",s=" FP ",s=" FP, /* two */
	    "conclave://h:1/r#" FP ",s=" FP "A", "conclave://h:1/r#,s=" FP,
	    "conclave://h:1/r#" FP ",s=" FP "=",
	    "conclave://h:1/r#" FP ",s=*" FP, "conclave://h:1/r#" FP ",x=" FP};
	static const char *const good[] = {
	    SEALED, "conclave://h:1/r#" FP ",s=" FP};
	const size_t whole = strlen(SEALED);
	char text[sizeof(SEALED)];
	struct uri u;
	struct buf b;
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(uri_parse(&u, good[i]), 0);
		assert_true(u.has_seal);
		for (n = 0; n < WIRE_KEY; n++)
			assert_int_equal(u.seal[n], n);
		buf_init(&b, 1024);
		assert_int_equal(uri_build(&b, &u), 0);
		assert_int_equal(b.len, strlen(good[i]));
		assert_memory_equal(b.p, good[i], b.len);
		buf_free(&b);
		uri_wipe(&u);
		for (n = 0; n < WIRE_KEY; n++)
			assert_int_equal(u.seal[n], 0);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(uri_parse(&u, bad[i]), ERR_USAGE);
	/* every cut is one, but the invite alone, with its comma or without */
	for (n = strlen(MINE) + 2; n < whole; n++) {
		memcpy(text, SEALED, n);
		text[n] = '\0';
		assert_int_equal(uri_parse(&u, text), ERR_TRUNC);
		assert_true(uri_unfinished(text));
	}
	memcpy(text, SEALED, sizeof(SEALED));
	uri_hide(text);
	assert_null(strstr(text, "s="));
	assert_string_equal(text, WHOLE);
}

static void test_wipe(void **state)
{
	const char zeros[sizeof(((struct uri *)NULL)->secret)] = "";
	struct uri u;

	(void)state;
	assert_int_equal(uri_parse(&u, MINE), 0);
	uri_wipe(&u);
	assert_memory_equal(u.secret, zeros, sizeof(zeros));
	assert_string_equal(u.invite, ID);
}

static void test_hide(void **state)
{
	static const struct {
		const char *text, *left;
	} rows[] = {
	    {MINE, WHOLE},
	    {WHOLE, WHOLE},
	    {" (" MINE ")", " (" WHOLE},
	    {"conclave+unix:///c#" FP ",i=" ID, "conclave+unix:///c#" FP},
	    {"CONCLAVE://h#,i=" ID "." SECRET, "CONCLAVE://h#"},
	    {"/a#b,c", "/a#b,c"},
	    {"h:1", "h:1"},
	};
	char text[256];
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(text, 0, sizeof(text));
		memcpy(text, rows[i].text, strlen(rows[i].text));
		uri_hide(text);
		assert_string_equal(text, rows[i].left);
		for (n = strlen(text); n < sizeof(text); n++)
			assert_int_equal(text[n], 0);
	}
}

/* In what somebody is about to say. */
static void test_told(void **state)
{
	static const char *const told[] = {SEALED,
	    "look: conclave://h:1/r#" FP ",s=" FP " !",
	    "two\nlines (CONCLAVES://h/r#" FP ",s=" FP ")", SEALED "\n" SEALED};
	static const char *const not_told[] = {"", "s", ",s=", WHOLE, MINE,
	    "://,s=", "conclave://h:1/r#" FP ",s=abc",
	    ",s=" FP " is no invite", "a://b,s=one,s=two,s=three"};
	const size_t least = strlen(SEALED) - strlen(FP) + 22;
	char text[sizeof(SEALED)];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		assert_true(uri_tells_seal(told[i], strlen(told[i])));
	for (i = 0; i < sizeof(not_told) / sizeof(not_told[0]); i++)
		assert_false(uri_tells_seal(not_told[i], strlen(not_told[i])));
	assert_false(uri_tells_seal(NULL, 0)); /* what deletes a message says */
	/* half a secret is one that was cut; no byte behind the end is read */
	for (i = 0; i <= strlen(SEALED); i++) {
		memcpy(text, SEALED, i);
		assert_true(uri_tells_seal(text, i) == (i >= least));
	}
}

static void test_wrong(void **state)
{
	(void)state;
	assert_non_null(strstr(uri_wrong(MINE ",x=" FP), "a newer one"));
	assert_non_null(
	    strstr(uri_wrong("conclave://h#" FP ",x=1"), "a newer one"));
	assert_non_null(strstr(
	    uri_wrong("conclave://h#" FP ",i=" ID "." SECRET "A"), "damaged"));
	assert_null(uri_wrong("conclave://h#" FP ",i=" ID "." SECRET));
	assert_null(uri_wrong("conclave://h/-#" FP)); /* the room */
	assert_non_null(strstr(uri_wrong("::1"), "[::1]"));
	assert_non_null(strstr(uri_wrong("fe80::1%2"), "brackets"));
	assert_non_null(
	    strstr(uri_wrong("unix:/" H100 H10), "at most 107 bytes"));
	assert_non_null(strstr(uri_wrong("fe80::1%eth0"), "brackets"));
	assert_non_null(strstr(uri_wrong("unix:sock"), "from / on"));
	assert_non_null(strstr(uri_wrong("b\xc3\xbc" "cher.example"), "xn--"));
	assert_non_null(
	    strstr(uri_wrong("conclave://b\xc3\xbc" "cher:1/x"), "xn--"));
	assert_non_null(strstr(uri_wrong("h:70000"), "from 1 to 65535"));
	assert_non_null(strstr(uri_wrong("h:0"), "from 1 to 65535"));
	assert_non_null(strstr(uri_wrong("h:http"), "from 1 to 65535"));
	assert_non_null(strstr(uri_wrong("[::1]:65536"), "from 1 to 65535"));
	assert_non_null(
	    strstr(uri_wrong("conclave://h:99999/x"), "from 1 to 65535"));
	assert_null(uri_wrong("h h"));
	assert_null(uri_wrong("h:1:2"));
	assert_null(uri_wrong("conclave://h/-"));
	assert_true(uri_unfinished("conclave://h/lobby"));
	assert_false(uri_unfinished("h"));
	assert_false(uri_unfinished(WHOLE));
}

/* The longest parts that fit, and one byte more. */
static void test_bounds(void **state)
{
	char host[URI_HOST_MAX + 2], path[URI_PATH_MAX + 2];
	struct uri u;

	(void)state;
	memset(host, 'h', sizeof(host));
	host[URI_HOST_MAX + 1] = '\0';
	assert_int_equal(uri_parse(&u, host), ERR_USAGE);
	host[URI_HOST_MAX] = '\0';
	assert_int_equal(uri_parse(&u, host), 0);
	assert_string_equal(u.host, host);

	memset(path, 'p', sizeof(path));
	path[0] = '/';
	path[URI_PATH_MAX + 1] = '\0';
	assert_int_equal(uri_parse(&u, path), ERR_USAGE);
	path[URI_PATH_MAX] = '\0';
	assert_int_equal(uri_parse(&u, path), 0);
	assert_string_equal(u.path, path);

	assert_int_equal(
	    uri_parse(&u, "conclave://h/" H10 H10 H10 "ab#" FP), 0);
	assert_string_equal(u.room, H10 H10 H10 "ab");
	assert_int_equal(uri_parse(&u, "[::1%" H100 H100 H100 "]"), ERR_USAGE);
}

static void test_listen(void **state)
{
	struct uri u;

	(void)state;
	assert_int_equal(uri_parse_listen(&u, ":2528"), 0);
	assert_string_equal(u.host, "");
	assert_string_equal(u.port, "2528");
	assert_int_equal(uri_parse_listen(&u, "localhost:0"), 0);
	assert_string_equal(u.port, "0");
	assert_true(u.has_port);
	assert_int_equal(uri_parse_listen(&u, "localhost"), 0);
	assert_string_equal(u.port, "2528");
	assert_false(u.has_port);
	assert_int_equal(uri_parse_listen(&u, ""), ERR_USAGE);
	assert_int_equal(uri_parse_listen(&u, ":"), ERR_USAGE);
	assert_int_equal(uri_parse_listen(&u, "conclave://h"), ERR_USAGE);
}

/* A buffer that is too small stays unchanged; an address that cannot be
 * connected to is refused. */
static void test_build_fails(void **state)
{
	struct uri u = {0};
	struct buf b;

	(void)state;
	buf_init(&b, 20);
	assert_int_equal(uri_build(&b, &u), ERR_USAGE);
	assert_int_equal(buf_str(&b, "x"), 0);
	assert_int_equal(uri_parse(&u, "conclave://example.org/lobby"), 0);
	assert_int_equal(uri_build(&b, &u), ERR_LIMIT);
	assert_int_equal(b.len, 1);
	assert_int_equal(uri_parse(&u, MINE), 0);
	u.has_fingerprint = false;
	assert_int_equal(uri_build(&b, &u), ERR_USAGE);
	buf_free(&b);
}

int main(void)
{
	struct check_group g = {0};
	size_t i;

	for (i = 0; i < sizeof(goods) / sizeof(goods[0]); i++)
		check_add(&g, test_good, (void *)(uintptr_t)&goods[i],
		    "good %s", goods[i].text);
	for (i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++)
		check_add(
		    &g, test_cut, (void *)(uintptr_t)cuts[i], "cut %zu", i);
	check_add(&g, test_cut_anywhere, NULL, "cut anywhere");
	check_add(&g, test_wipe, NULL, "wipe");
	check_add(&g, test_sealed, NULL, "the secret of a sealed room");
	check_add(&g, test_hide, NULL, "hide");
	check_add(&g, test_told, NULL, "a secret that is about to be told");
	check_add(&g, test_wrong, NULL, "wrong");
	for (i = 0; i < sizeof(bads) / sizeof(bads[0]); i++)
		check_add(
		    &g, test_bad, (void *)(uintptr_t)bads[i], "bad %zu", i);
	check_add(&g, test_bounds, NULL, "bounds");
	check_add(&g, test_listen, NULL, "listen");
	check_add(&g, test_build_fails, NULL, "build fails");
	return check_run("uri", &g);
}
