/* Unit tests for the identity file: created once, never overwritten, refused
 * when others can read it, and unlocked by a passphrase that is asked for at
 * most three times. */
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/trust/identity_file.h"
#include "tests/unit/folder.h"

/* Answers passphrase prompts from a list; NULL ends it with an error. */
struct answers {
	const char *const *list;
	unsigned asked;
};

static int answer(
    void *arg, struct buf *out, const char *prompt, struct errmsg *why)
{
	struct answers *a = arg;
	const char *s = a->list[a->asked];

	assert_non_null(prompt);
	assert_true(out->secret);
	a->asked++;
	if (s == NULL)
		return errmsg_set(why, ERR_USAGE, "no terminal");
	return buf_str(out, s);
}

/* Opens the file with these answers; *asked is how many it needed. */
static int open_with(struct identity **out, bool *made, const char *path,
    const char *const *list, unsigned *asked, struct errmsg *why)
{
	struct answers a = {list, 0};
	struct identity_file_ask ask = {answer, &a};
	struct rng rng = random_system();
	int r = identity_file_open(out, made, path, &rng, &ask, why);

	*asked = a.asked;
	return r;
}

static int change(const char *path, const char *const *list, struct errmsg *why)
{
	struct answers a = {list, 0};
	struct identity_file_ask ask = {answer, &a};
	struct rng rng = random_system();

	return identity_file_new_passphrase(path, &rng, &ask, why);
}

static const char *const nothing[] = {NULL};

/* Reads the public key of the file at path. */
static void public_of(const char *path, const char *const *list, uint8_t *pub)
{
	struct identity *id = NULL;
	struct errmsg why;
	unsigned asked;
	bool made;

	assert_int_equal(open_with(&id, &made, path, list, &asked, &why), 0);
	memcpy(pub, identity_public(id), WIRE_ED25519);
	identity_free(id);
}

static void test_made_once(void **state)
{
	const char *path = folder_path(state, "a/b/identity.pem");
	uint8_t one[WIRE_ED25519], two[WIRE_ED25519];
	struct identity *id = NULL;
	struct errmsg why;
	struct stat st;
	unsigned asked;
	bool made;
	char *text;

	assert_int_equal(open_with(&id, &made, path, nothing, &asked, &why), 0);
	assert_true(made);
	assert_int_equal(asked, 0);
	memcpy(one, identity_public(id), sizeof(one));
	identity_free(id);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(folder_path(state, "a/b"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	text = folder_read(path);
	assert_memory_equal(text, "-----BEGIN PRIVATE KEY-----\n", 28);
	free(text);
	assert_int_equal(open_with(&id, &made, path, nothing, &asked, &why), 0);
	assert_false(made);
	memcpy(two, identity_public(id), sizeof(two));
	identity_free(id);
	assert_memory_equal(one, two, sizeof(one));
}

/* The file is private under any umask. */
static void test_umask(void **state)
{
	const char *path = folder_path(state, "identity.pem");
	mode_t before = umask(0);
	uint8_t pub[WIRE_ED25519];
	struct stat st;

	public_of(path, nothing, pub);
	umask(before);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_readable_by_others(void **state)
{
	static const mode_t modes[] = {0640, 0604, 0660, 0644, 0610};
	const char *path = folder_path(state, "identity.pem");
	uint8_t pub[WIRE_ED25519];
	struct identity *id = NULL;
	struct errmsg why;
	unsigned asked;
	bool made;
	size_t i;

	public_of(path, nothing, pub);
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_int_equal(chmod(path, modes[i]), 0);
		assert_int_equal(
		    open_with(&id, &made, path, nothing, &asked, &why), ERR_IO);
		assert_non_null(strstr(why.text, "chmod 600"));
		assert_null(id);
	}
	assert_int_equal(chmod(path, 0400), 0);
	public_of(path, nothing, pub);
}

static void test_not_a_key(void **state)
{
	static const char *const texts[] = {"", "hello\n",
	    "-----BEGIN PRIVATE KEY-----\n",
	    "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"};
	const char *path = folder_path(state, "identity.pem");
	struct identity *id = NULL;
	struct errmsg why;
	unsigned asked;
	bool made;
	size_t i;
	char *text;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		folder_write(path, texts[i], 0600);
		assert_int_equal(
		    open_with(&id, &made, path, nothing, &asked, &why),
		    ERR_KEY);
		assert_null(id);
		/* A damaged file may be all that is left of the key: keep
		 * it. */
		text = folder_read(path);
		assert_string_equal(text, texts[i]);
		free(text);
	}
}

static void test_links(void **state)
{
	const char *link = folder_path(state, "link");
	const char *target = folder_path(state, "real.pem");
	uint8_t one[WIRE_ED25519], two[WIRE_ED25519];
	static const char *const twice[] = {"pw", "pw", NULL};
	static const char *const once[] = {"pw", NULL};
	struct identity *id = NULL;
	struct errmsg why;
	struct stat st;
	unsigned asked;
	bool made;

	/* A dangling link: the target is not created. */
	assert_int_equal(symlink("real.pem", link), 0);
	assert_int_not_equal(
	    open_with(&id, &made, link, nothing, &asked, &why), 0);
	assert_int_equal(access(target, F_OK), -1);
	/* A link to our own file: it is followed and stays a link. */
	public_of(target, nothing, one);
	public_of(link, nothing, two);
	assert_memory_equal(one, two, sizeof(one));
	assert_int_equal(change(link, twice, &why), 0);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	public_of(target, once, two);
	assert_memory_equal(one, two, sizeof(one));
}

static void test_somebody_elses(void **state)
{
	const char *path = folder_path(state, "identity.pem");
	const char *link = folder_path(state, "link");
	uint8_t pub[WIRE_ED25519];
	struct identity *id = NULL;
	struct errmsg why;
	unsigned asked;
	bool made;

	if (geteuid() != 0)
		skip(); /* only root can chown a file to another user */
	public_of(path, nothing, pub);
	assert_int_equal(symlink("identity.pem", link), 0);
	assert_int_equal(lchown(link, 12345, 12345), 0);
	assert_int_equal(
	    open_with(&id, &made, link, nothing, &asked, &why), ERR_IO);
	assert_non_null(strstr(why.text, "somebody else"));
	assert_int_equal(chown(path, 12345, 12345), 0);
	assert_int_equal(
	    open_with(&id, &made, path, nothing, &asked, &why), ERR_IO);
	assert_non_null(strstr(why.text, "somebody else"));
}

static void test_passphrase(void **state)
{
	static const char *const set[] = {"pass", "pass", NULL};
	static const char *const third[] = {"no", "", "pass", NULL};
	static const char *const never[] = {"a", "b", "c", "pass", NULL};
	static const char *const unset[] = {"pass", "", "", NULL};
	const char *path = folder_path(state, "identity.pem");
	uint8_t one[WIRE_ED25519], two[WIRE_ED25519];
	struct identity *id = NULL;
	struct errmsg why;
	struct stat st;
	unsigned asked;
	bool made;
	char *text;

	public_of(path, nothing, one);
	assert_int_equal(change(path, set, &why), 0);
	text = folder_read(path);
	assert_memory_equal(
	    text, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n", 38);
	free(text);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(open_with(&id, &made, path, third, &asked, &why), 0);
	assert_int_equal(asked, 3);
	assert_memory_equal(identity_public(id), one, sizeof(one));
	identity_free(id);
	id = NULL;
	assert_int_equal(
	    open_with(&id, &made, path, never, &asked, &why), ERR_PASSPHRASE);
	assert_int_equal(asked, IDENTITY_FILE_TRIES);
	assert_null(id);
	/* Without a terminal the prompt callback sets the error and the
	 * sentence. */
	assert_int_equal(
	    open_with(&id, &made, path, nothing, &asked, &why), ERR_USAGE);
	assert_string_equal(why.text, "no terminal");
	assert_int_equal(change(path, unset, &why), 0);
	public_of(path, nothing, two);
	assert_memory_equal(one, two, sizeof(one));
	assert_int_equal(folder_count(state), 1);
}

static void test_change_fails(void **state)
{
	static const char *const differ[] = {"one", "two", NULL};
	static const char *const longer[] = {"one", "one1", NULL};
	static const char *const gone[] = {"one", NULL};
	const char *path = folder_path(state, "identity.pem");
	uint8_t pub[WIRE_ED25519];
	struct errmsg why;
	char *before, *after;

	public_of(path, nothing, pub);
	before = folder_read(path);
	assert_int_equal(change(path, differ, &why), ERR_USAGE);
	assert_int_equal(change(path, longer, &why), ERR_USAGE);
	assert_int_equal(change(path, gone, &why), ERR_USAGE);
	after = folder_read(path);
	assert_string_equal(before, after);
	free(before);
	free(after);
	assert_int_equal(folder_count(state), 1);
}

/* Clients that start at the same time on a fresh machine share one identity. */
static void test_race(void **state)
{
	enum { CLIENTS = 8 };
	const char *path = folder_path(state, "identity.pem");
	uint8_t pubs[CLIENTS][WIRE_ED25519];
	int fds[CLIENTS][2], i, status;

	for (i = 0; i < CLIENTS; i++) {
		assert_int_equal(pipe(fds[i]), 0);
		if (fork() == 0) {
			public_of(path, nothing, pubs[0]);
			_exit(write(fds[i][1], pubs[0], WIRE_ED25519) !=
			      WIRE_ED25519);
		}
		close(fds[i][1]);
	}
	for (i = 0; i < CLIENTS; i++) {
		assert_int_equal(
		    read(fds[i][0], pubs[i], WIRE_ED25519), WIRE_ED25519);
		close(fds[i][0]);
		assert_memory_equal(pubs[i], pubs[0], WIRE_ED25519);
	}
	while (wait(&status) > 0)
		assert_int_equal(status, 0);
	assert_int_equal(folder_count(state), 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_made_once),
	    T(test_umask),
	    T(test_readable_by_others),
	    T(test_not_a_key),
	    T(test_links),
	    T(test_somebody_elses),
	    T(test_passphrase),
	    T(test_change_fails),
	    T(test_race),
	};

	return cmocka_run_group_tests_name("keyfile", tests, NULL, NULL);
}
