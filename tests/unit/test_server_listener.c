/* Addresses become sockets, and sockets become invites. */
#include "tests/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/net/listener.h"
#include "shared/wire/uri.h"

static const struct logger quiet = {.level = LOGGER_ERROR};
static char top[64];

struct set {
	struct listener l[LISTENERS_MAX];
	size_t n;
	char said[1024];
};

/* Opens one more listener; `said` gets the log output. */
static int open_one(struct set *s, const char *addr)
{
	char path[128];
	int saved = dup(STDERR_FILENO), file, r;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/log", top);
	file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(saved >= 0 && file >= 0);
	dup2(file, STDERR_FILENO);
	r = listener_open(s->l, &s->n, addr, false, &quiet);
	dup2(saved, STDERR_FILENO);
	n = pread(file, s->said, sizeof(s->said) - 1, 0);
	s->said[n > 0 ? n : 0] = '\0';
	close(file);
	close(saved);
	return r;
}

static void close_set(struct set *s)
{
	while (s->n > 0)
		listener_close(&s->l[--s->n]);
}

static bool has_v6(void)
{
	const struct sockaddr_in6 sa = {
	    .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	bool ok = fd >= 0 && bind(fd, (const void *)&sa, sizeof(sa)) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

static unsigned port_of(const struct listener *l)
{
	return (unsigned)atoi(strrchr(l->name, ':') + 1);
}

/* Returns whether this listener's own address accepts a connection. */
static bool reachable(const struct listener *l)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	int fd, got;
	bool ok;

	assert_int_equal(getsockname(l->fd, (void *)&sa, &len), 0);
	fd = socket(sa.ss_family, SOCK_STREAM, 0);
	assert_true(fd >= 0);
	ok = connect(fd, (void *)&sa, len) == 0;
	if (ok) {
		got = accept(l->fd, NULL, NULL);
		assert_true(got >= 0);
		close(got);
	}
	close(fd);
	return ok;
}

/* Checks that the socket is non-blocking and close-on-exec. */
static void check_fd(const struct listener *l)
{
	assert_true((fcntl(l->fd, F_GETFL) & O_NONBLOCK) != 0);
	assert_true((fcntl(l->fd, F_GETFD) & FD_CLOEXEC) != 0);
	assert_true(reachable(l));
}

static void test_localhost(void **state)
{
	struct set s = {.n = 0};
	size_t i;

	(void)state;
	assert_int_equal(open_one(&s, "localhost:0"), 0);
	assert_string_equal(s.said, "");
	assert_int_equal(s.n, has_v6() ? 2 : 1);
	assert_memory_equal(s.l[0].name, "127.0.0.1:", 10);
	if (s.n == 2)
		assert_memory_equal(s.l[1].name, "[::1]:", 6);
	for (i = 0; i < s.n; i++) {
		check_fd(&s.l[i]);
		assert_true(port_of(&s.l[i]) > 0);
		assert_int_equal(port_of(&s.l[i]), port_of(&s.l[0]));
	}
	close_set(&s);
}

static void test_wildcard(void **state)
{
	struct set s = {.n = 0};
	size_t i;

	(void)state;
	assert_int_equal(open_one(&s, ":0"), 0);
	assert_int_equal(s.n, has_v6() ? 2 : 1);
	for (i = 0; i < s.n; i++) {
		check_fd(&s.l[i]);
		assert_int_equal(port_of(&s.l[i]), port_of(&s.l[0]));
		assert_true(strncmp(s.l[i].name, "0.0.0.0:", 8) == 0 ||
			    strncmp(s.l[i].name, "[::]:", 5) == 0);
	}
	close_set(&s);
}

static void test_one_family(void **state)
{
	struct set s = {.n = 0};

	(void)state;
	assert_int_equal(open_one(&s, "127.0.0.1:0"), 0);
	assert_int_equal(s.n, 1);
	if (has_v6()) {
		assert_int_equal(open_one(&s, "[::1]:0"), 0);
		assert_int_equal(s.n, 2);
		assert_memory_equal(s.l[1].name, "[::1]:", 6);
	}
	close_set(&s);
}

static void test_in_use(void **state)
{
	struct set s = {.n = 0};
	char addr[64];
	size_t before;

	(void)state;
	assert_int_equal(open_one(&s, "127.0.0.1:0"), 0);
	before = s.n;
	snprintf(addr, sizeof(addr), "127.0.0.1:%u", port_of(&s.l[0]));
	assert_int_equal(open_one(&s, addr), ERR_IO);
	assert_int_equal(s.n, before);
	assert_non_null(strstr(s.said, "is in use: stop the program"));
	/* one of two addresses is in use: the other socket is closed again */
	snprintf(addr, sizeof(addr), "localhost:%u", port_of(&s.l[0]));
	assert_int_equal(open_one(&s, addr), ERR_IO);
	assert_int_equal(s.n, before);
	assert_true(reachable(&s.l[0]));
	close_set(&s);
}

/* The port can be bound again right after a restart. */
static void test_restart(void **state)
{
	struct set s = {.n = 0};
	char addr[64];

	(void)state;
	assert_int_equal(open_one(&s, "127.0.0.1:0"), 0);
	snprintf(addr, sizeof(addr), "127.0.0.1:%u", port_of(&s.l[0]));
	assert_true(reachable(&s.l[0])); /* leaves a TIME_WAIT behind */
	close_set(&s);
	assert_int_equal(open_one(&s, addr), 0);
	assert_string_equal(s.l[0].name, addr);
	close_set(&s);
}

struct bad {
	const char *addr;
	int err;
	const char *says;
};
static const struct bad bads[] = {
    {"", ERR_USAGE, "is not an address"},
    {"::1", ERR_USAGE, "is not an address"},
    {"h:99999", ERR_USAGE, "is not an address"},
    {"unix:x", ERR_USAGE, "is not an address"},
    {"192.0.2.1:0", ERR_IO, "is not an address of this machine"},
    {"[::gg]:0", ERR_USAGE, "is not an address"},
    {"[1:2]:0", ERR_IO, "cannot find an address for"},
    {"/nowhere/at/all.sock", ERR_IO, "cannot listen on unix:/nowhere"},
};

static void test_bad(void **state)
{
	const struct bad *b = *state;
	struct set s = {.n = 0};

	assert_int_equal(open_one(&s, b->addr), b->err);
	assert_int_equal(s.n, 0);
	if (strstr(s.said, b->says) == NULL)
		assert_string_equal(s.said, b->says);
	assert_ptr_equal(strchr(s.said, '\n'), s.said + strlen(s.said) - 1);
}

static void test_full(void **state)
{
	struct set s = {.n = 0};
	char addr[128];

	(void)state;
	while (s.n < LISTENERS_MAX)
		assert_int_equal(open_one(&s, "127.0.0.1:0"), 0);
	assert_int_equal(open_one(&s, "127.0.0.1:0"), ERR_IO);
	assert_int_equal(s.n, LISTENERS_MAX);
	snprintf(addr, sizeof(addr), "%s/full", top);
	assert_int_equal(open_one(&s, addr), ERR_LIMIT);
	assert_int_equal(access(addr, F_OK), -1);
	close_set(&s);
}

/* --- Unix sockets ------------------------------------------------------ */

static void test_unix(void **state)
{
	struct set s = {.n = 0}, other = {.n = 0};
	char path[100], addr[128], name[128];
	struct stat st;

	(void)state;
	snprintf(path, sizeof(path), "%s/c.sock", top);
	snprintf(addr, sizeof(addr), "unix:%s", path);
	snprintf(name, sizeof(name), "unix:%s", path);
	assert_int_equal(open_one(&s, addr), 0);
	assert_string_equal(s.l[0].name, name);
	check_fd(&s.l[0]);
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	/* a live server answers there, so we must not replace the socket */
	assert_int_equal(open_one(&other, path), ERR_USAGE);
	assert_non_null(strstr(other.said, "another program listens on"));
	assert_int_equal(other.n, 0);
	assert_true(reachable(&s.l[0]));
	/* a crashed server leaves its socket file behind */
	close(s.l[0].fd);
	s.l[0].fd = -1;
	assert_int_equal(open_one(&other, path), 0);
	check_fd(&other.l[0]);
	free(s.l[0].unlink_path);
	/* and a clean shutdown removes it */
	close_set(&other);
	assert_int_equal(access(path, F_OK), -1);
}

/* A listener with a full backlog is still alive. */
static void test_unix_busy(void **state)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	struct set s = {.n = 0};
	int fd, c[16], n = 0, r;

	(void)state;
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/busy", top);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (void *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(fd, 0), 0);
	do {
		c[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		assert_true(c[n] >= 0);
		r = connect(c[n++], (void *)&sa, sizeof(sa));
	} while (r == 0 && n < 16);
	assert_true(r != 0 && errno == EAGAIN);
	assert_int_equal(open_one(&s, sa.sun_path), ERR_USAGE);
	assert_non_null(strstr(s.said, "another program listens on"));
	assert_int_equal(access(sa.sun_path, F_OK), 0);
	while (n > 0)
		close(c[--n]);
	close(fd);
}

static void test_unix_in_the_way(void **state)
{
	struct set s = {.n = 0};
	char path[100], target[100];
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/way", top);
	f = fopen(path, "w");
	assert_non_null(f);
	fclose(f);
	assert_int_equal(open_one(&s, path), ERR_USAGE);
	assert_non_null(strstr(s.said, "is not a socket of this server's user"));
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(unlink(path), 0);
	/* a symbolic link is not a socket either, whatever its target */
	snprintf(target, sizeof(target), "%s/target", top);
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(open_one(&s, path), ERR_USAGE);
	assert_int_equal(access(target, F_OK), -1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(s.n, 0);
}

/* --- invites ----------------------------------------------------------- */

struct invite {
	const char *name, *public_name, *room, *uri;
};
#define FP "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
static const struct invite invites[] = {
    {"127.0.0.1:2528", NULL, "lobby", "conclave://127.0.0.1:2528/lobby#" FP},
    {"[::1]:7", NULL, "ops", "conclave://[::1]:7/ops#" FP},
    {"127.0.0.1:7", "chat.example.org", "lobby",
	"conclave://chat.example.org:7/lobby#" FP},
    {"0.0.0.0:7", "chat.example.org:443", "lobby",
	"conclave://chat.example.org:443/lobby#" FP},
    {"[::]:7", "[2001:db8::1]", "lobby",
	"conclave://[2001:db8::1]:7/lobby#" FP},
    {"unix:/run/c.sock", NULL, "lobby",
	"conclave+unix:///run/c.sock?room=lobby#" FP},
    {"unix:/run/c d", NULL, "lobby",
	"conclave+unix:///run/c%20d?room=lobby#" FP},
    {"unix:/run/c.sock", "chat.example.org", "lobby",
	"conclave://chat.example.org:2528/lobby#" FP},
};

static void fill_fp(uint8_t fp[WIRE_HASH])
{
	uint8_t i;

	for (i = 0; i < WIRE_HASH; i++)
		fp[i] = i;
}

static void test_invite(void **state)
{
	const struct invite *c = *state;
	struct listener l = {.fd = -1};
	uint8_t fp[WIRE_HASH];
	struct uri u;
	struct buf b;

	fill_fp(fp);
	snprintf(l.name, sizeof(l.name), "%s", c->name);
	buf_init(&b, 1024);
	assert_int_equal(
	    listener_invite(&b, &l, c->public_name, "", c->room, fp), 0);
	assert_int_equal(buf_u8(&b, 0), 0);
	assert_string_equal((char *)b.p, c->uri);
	/* a client can parse it */
	assert_int_equal(uri_parse(&u, (char *)b.p), 0);
	assert_string_equal(u.room, c->room);
	assert_true(u.has_fingerprint);
	assert_memory_equal(u.fingerprint, fp, WIRE_HASH);
	buf_free(&b);
}

/* A wildcard address cannot be connected to; the invite has a real address
 * instead. */
static void test_invite_wildcard(void **state)
{
	static const char *const names[] = {"0.0.0.0:7", "[::]:7"};
	struct listener l = {.fd = -1};
	uint8_t fp[WIRE_HASH];
	struct uri u;
	struct buf b;
	size_t i;

	(void)state;
	fill_fp(fp);
	for (i = 0; i < 2; i++) {
		snprintf(l.name, sizeof(l.name), "%s", names[i]);
		buf_init(&b, 1024);
		assert_int_equal(listener_invite(&b, &l, NULL, "", "lobby", fp), 0);
		assert_int_equal(buf_u8(&b, 0), 0);
		assert_int_equal(uri_parse(&u, (char *)b.p), 0);
		assert_string_not_equal(u.host, "0.0.0.0");
		assert_string_not_equal(u.host, "::");
		assert_int_equal(strchr(u.host, ':') != NULL, i == 1);
		assert_string_equal(u.port, "7");
		buf_free(&b);
	}
}

int main(void)
{
	struct check_group g = {0};
	char cmd[96];
	size_t i;
	int r;

	snprintf(top, sizeof(top), "/tmp/conclave-listener-XXXXXX");
	if (mkdtemp(top) == NULL)
		return 1;
	check_add(&g, test_localhost, NULL, "localhost");
	check_add(&g, test_wildcard, NULL, "wildcard");
	check_add(&g, test_one_family, NULL, "one family");
	check_add(&g, test_in_use, NULL, "in use");
	check_add(&g, test_restart, NULL, "restart");
	check_add(&g, test_full, NULL, "full");
	for (i = 0; i < sizeof(bads) / sizeof(bads[0]); i++)
		check_add(&g, test_bad, (void *)(uintptr_t)&bads[i],
		    "refused %s", bads[i].addr);
	check_add(&g, test_unix, NULL, "Unix socket");
	check_add(&g, test_unix_busy, NULL, "Unix socket: busy");
	check_add(&g, test_unix_in_the_way, NULL, "Unix socket: in the way");
	for (i = 0; i < sizeof(invites) / sizeof(invites[0]); i++)
		check_add(&g, test_invite, (void *)(uintptr_t)&invites[i],
		    "invite of %s, %s", invites[i].name,
		    invites[i].public_name != NULL ? invites[i].public_name
						   : "itself");
	check_add(&g, test_invite_wildcard, NULL, "invite of a wildcard");
	r = check_run("listener", &g);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", top);
	return system(cmd) == 0 ? r : 1;
}
