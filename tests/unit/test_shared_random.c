/* Random bytes in two copies of one memory, as of a virtual machine whose
 * snapshot is started twice. Such copies are made here by fork, with getpid
 * answering the same in both, because libcrypto notices a fork by that. */
#include "shared/crypto/ossl.h"

#include <sys/wait.h>
#include <unistd.h>

#include "shared/crypto/crypto.h"
#include "shared/crypto/random.h"
#include "shared/crypto/keys.h"
#include "shared/os/clock.h"
#include "tests/unit/check.h"

enum { BYTES = 64, BITS = 2048 };

/* For libcrypto, too: the program's symbols come first. */
pid_t getpid(void)
{
	return 4242;
}

/* Calls fn in the two copies. */
static void in_both(
    int (*fn)(void *arg, struct buf *out), void *arg, struct buf got[2])
{
	int fd[2], status;
	uint8_t part[1024];
	ssize_t n;
	pid_t pid;

	buf_init(&got[0], 1 << 16);
	buf_init(&got[1], 1 << 16);
	/* The generators exist before the snapshot. */
	assert_int_equal(RAND_bytes(part, 1), 1);
	assert_int_equal(RAND_priv_bytes(part, 1), 1);
	assert_int_equal(pipe(fd), 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (fn(arg, &got[1]) != 0 ||
		    write(fd[1], got[1].p, got[1].len) != (ssize_t)got[1].len)
			_exit(1);
		_exit(0);
	}
	close(fd[1]);
	assert_int_equal(fn(arg, &got[0]), 0);
	while ((n = read(fd[0], part, sizeof(part))) > 0)
		assert_int_equal(buf_put(&got[1], part, (size_t)n), 0);
	close(fd[0]);
	while (waitpid(pid, &status, 0) < 0)
		;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(got[0].len, got[1].len);
}

static void done(struct buf got[2])
{
	buf_free(&got[0]);
	buf_free(&got[1]);
}

static int by_libcrypto(void *arg, struct buf *out)
{
	uint8_t b[BYTES];

	(void)arg;
	return RAND_priv_bytes(b, sizeof(b)) == 1 ? buf_put(out, b, sizeof(b))
						  : ERR_CRYPTO;
}

static int by_us(void *arg, struct buf *out)
{
	const struct rng rng = random_system();
	uint8_t b[BYTES];
	int r = rng.fill(rng.arg, b, sizeof(b));

	(void)arg;
	return r != 0 ? r : buf_put(out, b, sizeof(b));
}

static int seal(void *arg, struct buf *out)
{
	const uint8_t secret[WIRE_KEY] = {1};

	return kem_rsa_seal(arg, out, "label", 5, secret);
}

/* Otherwise the tests below would prove nothing. */
static void test_libcrypto_repeats(void **state)
{
	struct buf got[2];

	(void)state;
	in_both(by_libcrypto, NULL, got);
	assert_memory_equal(got[0].p, got[1].p, BYTES);
	done(got);
}

static void test_ours_does_not(void **state)
{
	struct buf got[2];

	(void)state;
	in_both(by_us, NULL, got);
	assert_memory_not_equal(got[0].p, got[1].p, BYTES);
	done(got);
}

/* The seed of OAEP, which libcrypto makes by itself. */
static void test_a_sealed_key_does_not(void **state)
{
	struct kem_rsa *pair = kem_rsa_new(BITS);
	struct kem_rsa_pub *pub = NULL;
	struct buf spki, got[2];

	(void)state;
	assert_non_null(pair);
	buf_init(&spki, 4096);
	assert_int_equal(kem_rsa_spki(pair, &spki), 0);
	assert_int_equal(kem_rsa_pub_from_spki(&pub, spki.p, spki.len), 0);
	in_both(seal, pub, got);
	assert_memory_not_equal(got[0].p, got[1].p, got[0].len);
	done(got);
	kem_rsa_pub_free(pub);
	kem_rsa_free(pair);
	buf_free(&spki);
}

/* Much at once, and nothing. */
static void test_lengths(void **state)
{
	static uint8_t b[200001];
	const struct rng rng = random_system();
	size_t i, zeros = 0;

	(void)state;
	assert_int_equal(rng.fill(rng.arg, b, sizeof(b) - 1), 0);
	for (i = 0; i < sizeof(b) - 1; i++)
		zeros += b[i] == 0;
	assert_in_range(zeros, 500, 1100); /* 781 are expected */
	assert_int_equal(b[sizeof(b) - 1], 0);
	assert_int_equal(rng.fill(rng.arg, b, 0), 0);
}

static void test_clocks_part(void **state)
{
	struct clock_watch w;
	int64_t began;

	(void)state;
	clock_watch_begin(&w);
	assert_false(clock_watch_parted(&w));
	began = w.apart_ms;
	w.apart_ms = began + CLOCK_PARTED_MS - 500; /* a leap second */
	assert_false(clock_watch_parted(&w));
	w.apart_ms = began + CLOCK_PARTED_MS + 500;
	assert_true(clock_watch_parted(&w));
	assert_false(clock_watch_parted(&w)); /* said once */
	w.apart_ms -= CLOCK_PARTED_MS + 500;  /* backwards */
	assert_true(clock_watch_parted(&w));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_libcrypto_repeats),
	    cmocka_unit_test(test_ours_does_not),
	    cmocka_unit_test(test_a_sealed_key_does_not),
	    cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_clocks_part),
	};

	return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
