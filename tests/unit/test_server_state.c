/* The identity file: created once, never overwritten, and refused if other
 * users could have changed it. */
#include "tests/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/store/state.h"

static const struct logger quiet = {.level = LOGGER_ERROR};
/* The log goes to this test's own file, which is read back for the message. */
static char top[64];
static int counter;

struct fixture {
	char dir[160], pem[200];
	struct state *s;
	struct identity *id;
};

static int setup(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	snprintf(f->dir, sizeof(f->dir), "%s/%d/a/b", top, counter++);
	snprintf(f->pem, sizeof(f->pem), "%s/identity.pem", f->dir);
	return 0;
}

static void close_state(struct fixture *f)
{
	identity_free(f->id);
	state_free(f->s);
	f->id = NULL;
	f->s = NULL;
}

/* Opens the state folder and loads or creates the identity; `said` gets the log
 * text. */
static int open_state(struct fixture *f, char *said, size_t size)
{
	char path[128];
	int saved = dup(STDERR_FILENO), file, r;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/log", top);
	file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(saved >= 0 && file >= 0);
	dup2(file, STDERR_FILENO);
	if ((r = state_open(&f->s, f->dir, &quiet)) == 0)
		r = state_identity(f->s, &f->id, &quiet);
	dup2(saved, STDERR_FILENO);
	n = pread(file, said, size - 1, 0);
	said[n > 0 ? n : 0] = '\0';
	close(file);
	close(saved);
	return r;
}

/* Checks a refusal: no result, and a message with `word`. */
static void refused(struct fixture *f, const char *word)
{
	char said[1024];

	assert_int_not_equal(open_state(f, said, sizeof(said)), 0);
	assert_null(f->id);
	if (strstr(said, word) == NULL)
		assert_string_equal(said, word);
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
	close_state(f);
}

static void made(struct fixture *f)
{
	char said[1024];

	assert_int_equal(open_state(f, said, sizeof(said)), 0);
	assert_non_null(f->id);
	assert_string_equal(said, "");
}

static unsigned mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static void overwrite(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void test_made(void **state)
{
	uint8_t key[WIRE_ED25519];
	struct fixture f;
	char path[300];
	mode_t before;

	(void)state;
	setup(&f);
	before = umask(0); /* the modes do not depend on the umask */
	made(&f);
	umask(before);
	assert_int_equal(mode_of(f.dir), 0700);
	assert_int_equal(mode_of(f.pem), 0600);
	snprintf(path, sizeof(path), "%s/lock", f.dir);
	assert_int_equal(mode_of(path), 0600);
	snprintf(path, sizeof(path), "%s/identity.pem.new", f.dir);
	assert_int_equal(access(path, F_OK), -1);
	memcpy(key, identity_public(f.id), sizeof(key));
	close_state(&f);
	/* a second start loads the same identity */
	made(&f);
	assert_memory_equal(key, identity_public(f.id), sizeof(key));
	close_state(&f);
}

static void test_leftover(void **state)
{
	struct fixture f;
	char path[300];

	(void)state;
	setup(&f);
	made(&f);
	close_state(&f);
	/* a crash before the file got its final name */
	assert_int_equal(unlink(f.pem), 0);
	snprintf(path, sizeof(path), "%s/identity.pem.new", f.dir);
	overwrite(path, "half");
	made(&f);
	assert_int_equal(access(path, F_OK), -1);
	close_state(&f);
	/* a crash just after: the file has two names */
	assert_int_equal(link(f.pem, path), 0);
	made(&f);
	close_state(&f);
}

static void test_ephemeral(void **state)
{
	struct state *s = NULL;
	struct identity *a = NULL, *b = NULL;

	(void)state;
	assert_int_equal(state_open(&s, NULL, &quiet), 0);
	assert_int_equal(state_identity(s, &a, &quiet), 0);
	assert_int_equal(state_identity(s, &b, &quiet), 0);
	assert_memory_not_equal(
	    identity_public(a), identity_public(b), WIRE_ED25519);
	identity_free(a);
	identity_free(b);
	state_free(s);
	state_free(NULL);
}

static void test_two_servers(void **state)
{
	struct fixture a, b;

	(void)state;
	setup(&a);
	b = a;
	made(&a);
	refused(&b, "another conclaved uses");
	close_state(&a);
	made(&b);
	close_state(&b);
}

static void test_file_modes(void **state)
{
	static const unsigned modes[] = {0640, 0604, 0620, 0602, 0610, 0601};
	struct fixture f;
	size_t i;

	(void)state;
	setup(&f);
	made(&f);
	close_state(&f);
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_int_equal(chmod(f.pem, modes[i]), 0);
		refused(&f, "chmod 600");
	}
	assert_int_equal(chmod(f.pem, 0400), 0);
	made(&f);
	close_state(&f);
}

static void test_dir_modes(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f);
	made(&f);
	close_state(&f);
	assert_int_equal(chmod(f.dir, 0770), 0);
	refused(&f, "chmod 700");
	assert_int_equal(chmod(f.dir, 0702), 0);
	refused(&f, "chmod 700");
	assert_int_equal(chmod(f.dir, 0755), 0);
	made(&f);
	close_state(&f);
}

/* Only root can test owners, because only root can give files away. */
static void test_owners(void **state)
{
	struct fixture f;

	(void)state;
	if (geteuid() != 0)
		skip();
	setup(&f);
	made(&f);
	close_state(&f);
	assert_int_equal(chown(f.pem, 65534, 65534), 0);
	refused(&f, "belongs to somebody else");
	assert_int_equal(chown(f.pem, 0, 0), 0);
	assert_int_equal(chown(f.dir, 65534, 65534), 0);
	refused(&f, "belongs to another user");
}

static void test_no_file(void **state)
{
	struct fixture f;
	char path[300];

	(void)state;
	setup(&f);
	made(&f);
	close_state(&f);
	/* a symbolic link is refused, even to a valid key */
	snprintf(path, sizeof(path), "%s/elsewhere", f.dir);
	assert_int_equal(rename(f.pem, path), 0);
	assert_int_equal(symlink(path, f.pem), 0);
	refused(&f, "symbolic link");
	/* a dangling link is not written through */
	assert_int_equal(unlink(path), 0);
	refused(&f, "symbolic link");
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(unlink(f.pem), 0);
	/* a FIFO does not block us, and a directory is no key file */
	assert_int_equal(mkfifo(f.pem, 0600), 0);
	refused(&f, "not a regular file");
	assert_int_equal(unlink(f.pem), 0);
	assert_int_equal(mkdir(f.pem, 0700), 0);
	refused(&f, "not a regular file");
}

/* A file without a valid key is refused and left unchanged. */
static void test_bad_pem(void **state)
{
	static const char *const texts[] = {"", "x",
	    "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
	    /* an X25519 key */
	    "-----BEGIN PRIVATE KEY-----\n"
	    "MC4CAQAwBQYDK2VuBCIEIHcHbQpzGKV9PBbBclGyZkXfTC+H68CZKrF3+6UduSwq\n"
	    "-----END PRIVATE KEY-----\n"};
	char back[512];
	struct fixture f;
	FILE *file;
	size_t i, n;

	(void)state;
	setup(&f);
	made(&f);
	close_state(&f);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		overwrite(f.pem, texts[i]);
		refused(&f, "holds no Ed25519 key");
		file = fopen(f.pem, "r");
		assert_non_null(file);
		n = fread(back, 1, sizeof(back), file);
		fclose(file);
		assert_int_equal(n, strlen(texts[i]));
		assert_memory_equal(back, texts[i], n);
	}
}

static void test_encrypted(void **state)
{
	struct fixture f;
	struct buf pem;
	FILE *file;

	(void)state;
	setup(&f);
	made(&f);
	buf_init_secret(&pem, 16384);
	assert_int_equal(identity_to_pem(f.id, &pem, "secret"), 0);
	close_state(&f);
	file = fopen(f.pem, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(pem.p, 1, pem.len, file), pem.len);
	assert_int_equal(fclose(file), 0);
	buf_free(&pem);
	refused(&f, "passphrase");
}

static void test_long(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f);
	made(&f);
	close_state(&f);
	assert_int_equal(truncate(f.pem, 1 << 20), 0);
	refused(&f, "cannot read");
}

static void test_no_dir(void **state)
{
	struct fixture f;
	char path[128];

	(void)state;
	setup(&f);
	snprintf(path, sizeof(path), "%s/file", top);
	overwrite(path, "x");
	snprintf(f.dir, sizeof(f.dir), "%s/file/x", top);
	refused(&f, "--state DIR");
	snprintf(f.dir, sizeof(f.dir), "%s/file", top);
	refused(&f, "cannot open");
}

int main(void)
{
	struct check_group g = {0};
	char cmd[96];
	int r;

	snprintf(top, sizeof(top), "/tmp/conclave-state-XXXXXX");
	if (mkdtemp(top) == NULL)
		return 1;
	check_add(&g, test_made, NULL, "made once, then the same");
	check_add(&g, test_leftover, NULL, "what a crash left");
	check_add(&g, test_ephemeral, NULL, "ephemeral");
	check_add(&g, test_two_servers, NULL, "two servers");
	check_add(&g, test_file_modes, NULL, "file: modes");
	check_add(&g, test_dir_modes, NULL, "directory: modes");
	check_add(&g, test_owners, NULL, "owners");
	check_add(&g, test_no_file, NULL, "links, pipes, directories");
	check_add(&g, test_bad_pem, NULL, "no key");
	check_add(&g, test_encrypted, NULL, "encrypted key");
	check_add(&g, test_long, NULL, "too long");
	check_add(&g, test_no_dir, NULL, "no directory");
	r = check_run("state", &g);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", top);
	return system(cmd) == 0 ? r : 1;
}
