/* verify.c - the command line of `conclave verify`: opens the files, finds out
 * which belong together, and checks them. */
#include "client/verify/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/verify/check.h"
#include "client/verify/part.h"
#include "client/verify/report.h"
#include "shared/base/secret.h"
#include "shared/os/errmsg.h"
#include "shared/os/exit.h"
#include "shared/os/print.h"
#include "shared/os/sandbox.h"
#include "shared/wire/b64.h"
#include "shared/wire/text.h"

enum { THREADS = 64, PROGRESS_BYTES = 8 << 20 };

struct verify {
	bool json, print, unfinished, help;
	struct report_known known;
	char **file; /* their names, borrowed */
	int fd[REPORT_FILES];
	size_t n;
	uint64_t bytes, before; /* of all files; of those that are done */
	bool progress;		/* is shown */
	struct pool *pool;
	struct crypto *crypto;
	struct check *check[REPORT_FILES]; /* of each transcript */
	struct report_transcript one[REPORT_FILES];
	size_t n_transcripts;
	/* Of the newest, if it is of an open room: as the server said it last. */
	bool has_topic;
	char topic[WIRE_SHORT_TEXT_MAX + 1];
};

static const char help[] =
    "Usage: conclave verify [options] FILE...\n"
    "Check transcripts that conclave --transcript has written, without a "
    "network:\n"
    "what they prove, and what they do not. The files of one transcript are "
    "given in\n"
    "their order; two of one room, or of the two ends of direct messages, are\n"
    "compared.\n"
    "      --person FINGERPRINT  a person's key that you have compared with "
    "them\n"
    "      --server FINGERPRINT  the key of the server, from its owner or an "
    "invite\n"
    "      --ca FILE             a CA whose word you take for who has a key\n"
    "      --certificate FILE    a certificate of it for somebody in the "
    "transcript\n"
    "      --print               print the messages and topics that are "
    "proved\n"
    "      --unfinished          accept a file that does not end in order\n"
    "      --json                print one JSON object, for programs\n"
    "  -h, --help                print this help, and exit\n"
    "Exit status: 0 all of it is proved, 1 it is not, 2 wrong usage or a file "
    "that\ncannot be read.\n";

/* --- the command line ------------------------------------------------------ */

static int hex(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* base64url as conclave shows it, or 64 hex digits. */
static bool get_fingerprint(uint8_t out[WIRE_HASH], const char *s)
{
	size_t n = strlen(s), i;

	if (n != 2 * (size_t)WIRE_HASH)
		return b64url_decode32(out, s, n) == 0;
	for (i = 0; i < WIRE_HASH; i++) {
		if (hex(s[2 * i]) < 0 || hex(s[2 * i + 1]) < 0)
			return false;
		out[i] = (uint8_t)(hex(s[2 * i]) << 4 | hex(s[2 * i + 1]));
	}
	return true;
}

static int usage(const char *text)
{
	errmsg_print("conclave verify", text);
	return EXIT_USAGE;
}

static int take_option(struct verify *v, int c, const char *value)
{
	static const char what[] = "a fingerprint is 43 characters, as /whois "
				   "and /server show it, or 64 hex digits";

	switch (c) {
	case 'p':
		if (v->known.n_people == REPORT_PEOPLE)
			return usage("too many --person options");
		if (!get_fingerprint(v->known.person[v->known.n_people], value))
			return usage(what);
		v->known.n_people++;
		return 0;
	case 's':
		if (!get_fingerprint(v->known.server, value))
			return usage(what);
		v->known.has_server = true;
		return 0;
	case 'a':
		v->known.ca.path = value;
		return 0;
	case 'c':
		if (v->known.ca.n == CA_CHECK_FILES)
			return usage("too many --certificate options");
		v->known.ca.file[v->known.ca.n++] = value;
		return 0;
	case 'j':
		v->json = true;
		return 0;
	case 'm':
		v->print = true;
		return 0;
	case 'u':
		v->unfinished = true;
		return 0;
	case 'h':
		v->help = true;
		return 0;
	default:
		return usage("an option is unknown, or lacks its value: see "
			     "conclave verify --help");
	}
}

static int options(struct verify *v, int argc, char **argv)
{
	static const struct option table[] = {
	    {"person", required_argument, NULL, 'p'},
	    {"server", required_argument, NULL, 's'},
	    {"ca", required_argument, NULL, 'a'},
	    {"certificate", required_argument, NULL, 'c'},
	    {"json", no_argument, NULL, 'j'},
	    {"print", no_argument, NULL, 'm'},
	    {"unfinished", no_argument, NULL, 'u'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	int c, r;

	opterr = 0;
	optind = 1;
	while ((c = getopt_long(argc, argv, "h", table, NULL)) != -1)
		if ((r = take_option(v, c, optarg)) != 0)
			return r;
	if (v->help)
		return 0;
	v->file = argv + optind;
	v->n = (size_t)(argc - optind);
	if (v->n == 0)
		return usage("give the files of a transcript: see conclave "
			     "verify --help");
	if (v->n > REPORT_FILES)
		return usage("at most 64 files can be checked at once");
	if ((v->known.ca.path != NULL) != (v->known.ca.n > 0))
		return usage("give --ca and --certificate together: the CA, and "
			     "what it has issued");
	if (v->json && v->print)
		return usage(
		    "--print is for people, --json for programs: leave "
		    "one out");
	return 0;
}

/* --- files ----------------------------------------------------------------- */

static int cannot(const char *what, const char *file, int error)
{
	struct errmsg why;

	errmsg_errno(&why, ERR_IO, error, "cannot %s %s", what, file);
	return usage(why.text);
}

static int open_files(struct verify *v)
{
	struct stat st;
	size_t i;

	for (i = 0; i < v->n; i++) {
		v->fd[i] = open(v->file[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (v->fd[i] < 0 || fstat(v->fd[i], &st) != 0)
			return cannot("open", v->file[i], errno);
		if (!S_ISREG(st.st_mode))
			return cannot("check", v->file[i],
			    S_ISDIR(st.st_mode) ? EISDIR : EINVAL);
		v->bytes += (uint64_t)st.st_size;
	}
	return 0;
}

/* A transcript comes from somebody else: what reads it has no other file, no
 * network and no program to start. */
static int enter_sandbox(void)
{
	const struct sandbox_files none = {.n_paths = 0};
	int abi, r;

	if (sandbox_privileges() != 0)
		return ERR_IO;
	if ((r = sandbox_files(&none, &abi)) != 0 && r != ERR_AGAIN)
		return r;
	r = sandbox_calls(SCMP_ACT_ERRNO(ENOSYS), NULL, 0, NULL);
	return r == ERR_AGAIN ? 0 : r;
}

/* --- checking -------------------------------------------------------------- */

static void show_progress(void *arg, uint64_t bytes)
{
	struct verify *v = arg;
	const uint64_t done = v->before + bytes;
	char bar[41];
	int percent;

	if (!v->progress || v->bytes < PROGRESS_BYTES)
		return;
	percent = (int)(done * 100 / v->bytes);
	if (percent > 100)
		percent = 100;
	memset(bar, '.', 40);
	memset(bar, '#', (size_t)percent * 40 / 100);
	bar[40] = '\0';
	fprintf(stderr, "\r[%s] %3d %%", bar, percent);
}

static void end_progress(const struct verify *v)
{
	if (v->progress && v->bytes >= PROGRESS_BYTES)
		fprintf(stderr, "\r%50s\r", "");
}

/* One line: where, who, how, and what. */
static void show(uint64_t offset, const char *name, const char *how,
    const char *what, size_t n)
{
	char text[4 * WIRE_TEXT_MAX + 1], place[24] = "";
	struct errmsg why;

	text_filter_fixed(text, sizeof(text), what, n);
	/* Direct messages have no place in a log. */
	if (offset > 0)
		snprintf(place, sizeof(place), "%llu ",
		    (unsigned long long)offset);
	if (print_line(&why, "%s%s%s: %s\n", place, name, how, text) != 0)
		errmsg_print("conclave verify", why.text);
}

/* The topic of an open room, when it is another one than the server has said last. */
static void show_room(
    struct verify *v, uint64_t offset, const struct notice_more *room)
{
	char by[4 * WIRE_NAME_MAX + 1], how[sizeof(by) + 64];

	if (v->has_topic && strcmp(v->topic, room->topic) == 0)
		return;
	v->has_topic = true;
	memcpy(v->topic, room->topic, sizeof(v->topic));
	text_filter_fixed(by, sizeof(by), room->by, strlen(room->by));
	snprintf(how, sizeof(how), " (%s changed the room; %s)", by,
	    room->topic[0] == '\0' ? "there is no topic" : "the topic");
	show(offset, "server", how, room->topic, strlen(room->topic));
}

/* A message or a topic that is proved. */
static void show_message(
    void *arg, uint64_t offset, const char *name, const struct content *c)
{
	static const char *const did[] = {
	    [CONTENT_MESSAGE] = "",
	    [CONTENT_EDIT] = " (edits)",
	    [CONTENT_DELETE] = " (deletes a message)",
	    [CONTENT_REACT] = " (reacts)",
	};
	const struct content_said *said = &c->u.said;
	const struct content_topic *topic = &c->u.topic;

	switch (c->type) {
	case CONTENT_NOTICE:
		show_room(arg, offset, &c->u.notice.more);
		break;
	case CONTENT_TOPIC:
		show(offset, name,
		    topic->text_len == 0 ? " (takes the topic away)"
					 : " (sets the topic)",
		    topic->text, topic->text_len);
		break;
	case CONTENT_FILE:
		show(offset, name, " (offers a file)", c->u.file.name,
		    strlen(c->u.file.name));
		break;
	default:
		show(offset, name, did[c->type],
		    said->text != NULL ? said->text : "", said->text_len);
	}
}

/* Whether the i-th file goes on with the newest transcript; its first line. */
static bool goes_on(struct verify *v, size_t i)
{
	struct transcript_line l;
	struct buf body;
	char *p = malloc(TRANSCRIPT_LINE_MAX), *lf = NULL;
	ssize_t n;
	bool on = false;

	if (p == NULL || v->n_transcripts == 0) {
		free(p);
		return false;
	}
	buf_init(&body, TRANSCRIPT_LINE_MAX);
	n = read(v->fd[i], p, TRANSCRIPT_LINE_MAX);
	if (n > 0)
		lf = memchr(p, '\n', (size_t)n);
	if (lf != NULL && transcript_get(&l, &body, p, (size_t)(lf - p)) == 0 &&
	    l.type == TRANSCRIPT_HEAD)
		on = check_continues(v->check[v->n_transcripts - 1], &l);
	(void)lseek(v->fd[i], 0, SEEK_SET);
	buf_free(&body);
	free(p);
	return on;
}

static int new_transcript(struct verify *v, size_t first)
{
	const struct check_opts o = {.pool = v->pool,
	    .crypto = v->crypto,
	    .message = v->print ? show_message : NULL,
	    .progress = show_progress,
	    .arg = v};
	const size_t k = v->n_transcripts;

	if ((v->check[k] = check_new(&o)) == NULL)
		return ERR_NOMEM;
	v->one[k].facts = check_facts(v->check[k]);
	v->one[k].first = (unsigned)first;
	v->has_topic = false;
	v->n_transcripts++;
	return 0;
}

static int check_all(struct verify *v)
{
	struct check *now;
	size_t i;
	bool last;
	int r = 0;

	for (i = 0; r == 0 && i < v->n; i++) {
		if (!goes_on(v, i) && (r = new_transcript(v, i)) != 0)
			break;
		now = v->check[v->n_transcripts - 1];
		last = v->unfinished;
		r = check_file(now, v->fd[i], (unsigned)i, last);
		v->before += (uint64_t)lseek(v->fd[i], 0, SEEK_END);
		if (r == ERR_IO) {
			end_progress(v);
			return cannot("read", v->file[i], errno);
		}
	}
	end_progress(v);
	if (r != 0)
		usage(err_str(r));
	return r != 0 ? EXIT_USAGE : 0;
}

static bool same_log(const struct check_facts *a, const struct check_facts *b)
{
	return a->has_head && b->has_head && !a->wrong && !b->wrong &&
	       memcmp(a->head.log, b->head.log, WIRE_LOG) == 0 &&
	       memcmp(a->server, b->server, WIRE_HASH) == 0;
}

/* Whether both are of direct messages between their two writers. */
static bool same_talk(const struct check_facts *a, const struct check_facts *b)
{
	const struct check_facts *const both[] = {a, b};
	const uint8_t *x, *y;
	size_t i, k;

	if (!a->head.direct || !b->head.direct || a->wrong || b->wrong ||
	    memcmp(a->server, b->server, WIRE_HASH) != 0)
		return false;
	for (i = 0; i < 2; i++) {
		x = both[i]->writer;
		y = both[1 - i]->writer;
		for (k = 0; k < both[i]->n_pairs; k++)
			if ((memcmp(both[i]->pair[k].from, x, WIRE_HASH) == 0 &&
				memcmp(both[i]->pair[k].to, y, WIRE_HASH) ==
				    0) ||
			    (memcmp(both[i]->pair[k].from, y, WIRE_HASH) == 0 &&
				memcmp(both[i]->pair[k].to, x, WIRE_HASH) == 0))
				return memcmp(x, y, WIRE_HASH) != 0;
	}
	return false;
}

static bool comparable(const struct check_facts *a, const struct check_facts *b)
{
	return same_talk(a, b) ||
	       (!a->head.direct && !b->head.direct && same_log(a, b));
}

static int compare(struct verify *v, const struct report_transcript *one,
    struct report_transcript *t)
{
	const struct part_files a = {v->fd + one->first, one->facts->files};
	const struct part_files b = {v->fd + t->first, t->facts->files};
	const struct part_talk x = {&a, one->facts->writer};
	const struct part_talk y = {&b, t->facts->writer};

	return t->facts->head.direct ? part_talk(v->crypto, &t->part, &x, &y)
				     : part_find(v->crypto, &t->part, &a, &b);
}

/* Compares each transcript with the first one of its log, or of its talk. */
static int compare_all(struct verify *v)
{
	struct report_transcript *t;
	size_t i, k;
	int r;

	for (i = 1; i < v->n_transcripts; i++) {
		t = &v->one[i];
		for (k = 0; k < i && !comparable(v->one[k].facts, t->facts);
		     k++)
			;
		if (k == i)
			continue;
		if ((r = compare(v, &v->one[k], t)) != 0)
			return usage(err_str(r));
		t->compared = true;
		t->with = (unsigned)k;
	}
	return 0;
}

static int conclude(struct verify *v)
{
	const struct report r = {.known = &v->known,
	    .one = v->one,
	    .n = v->n_transcripts,
	    .file = (const char *const *)v->file};
	struct errmsg why;

	if ((v->json ? report_json(&r, &why) : report_print(&r, &why)) != 0) {
		errmsg_print("conclave verify", why.text);
		return EXIT_FAILED;
	}
	return report_proved(&r) ? EXIT_DONE : EXIT_FAILED;
}

static int run(struct verify *v)
{
	struct errmsg why;
	int status;

	/* What is checked here is known to whoever has the file. */
	if (secret_setup(THREADS + 1) != 0)
		return usage("out of memory");
	if ((status = open_files(v)) != 0)
		return status;
	if (v->known.ca.path != NULL &&
	    ca_check_open(&v->known.ca, &why) != 0)
		return usage(why.text);
	v->crypto = crypto_new();
	v->pool = pool_new(THREADS);
	if (v->crypto == NULL || v->pool == NULL)
		return usage("out of memory");
	if (enter_sandbox() != 0)
		return usage("cannot enter the sandbox");
	v->progress = isatty(STDERR_FILENO) && !v->print;
	if ((status = check_all(v)) != 0 || (status = compare_all(v)) != 0)
		return status;
	return conclude(v);
}

int verify_main(int argc, char **argv)
{
	struct verify *v = calloc(1, sizeof(*v));
	struct errmsg why;
	int status;
	size_t i;

	if (v == NULL)
		return usage("out of memory");
	memset(v->fd, -1, sizeof(v->fd));
	if ((status = options(v, argc, argv)) == 0 && v->help)
		status = print_text(help, sizeof(help) - 1, &why) == 0
			     ? EXIT_DONE
			     : EXIT_FAILED;
	else if (status == 0)
		status = run(v);
	ca_check_close(&v->known.ca);
	pool_free(v->pool);
	for (i = 0; i < v->n_transcripts; i++)
		check_free(v->check[i]);
	crypto_free(v->crypto);
	for (i = 0; i < REPORT_FILES; i++)
		if (v->fd[i] >= 0)
			close(v->fd[i]);
	free(v);
	return status;
}
