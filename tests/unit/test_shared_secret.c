/* Memory for keys: locked, wiped, and a separate heap for libcrypto. The setup
 * is permanent, so each test runs in its own process. */
#include "shared/crypto/pake_int.h"
#include "shared/crypto/ossl.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/os/harden.h"
#include "shared/os/sandbox.h"
#include "shared/crypto/keys.h"
#include "shared/crypto/pake.h"
#include "shared/base/secret.h"
#include "tests/unit/check.h"

#define NEED(x)                                                                \
	do {                                                                   \
		if (!(x)) {                                                    \
			dprintf(STDERR_FILENO, "# line %d\n", __LINE__);       \
			return 1;                                              \
		}                                                              \
	} while (0)

static void in_a_process(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		/* Making an RSA pair is slower still under valgrind. */
		alarm(CONCLAVE_SLOW == 1 ? 60 : 480);
		_exit(fn());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* In KiB, from /proc/self/status. */
static long locked(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	long n = -1;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "VmLck: %ld kB", &n) == 1)
			break;
	if (f != NULL)
		fclose(f);
	return n;
}

static int keys_are_in_it(void)
{
	struct kem_rsa *w;
	size_t before;

	NEED(secret_setup(100) == 0);
	NEED(CRYPTO_secure_malloc_initialized() == 1);
	NEED(locked() >= 256);
	before = CRYPTO_secure_used();
	NEED((w = kem_rsa_new(2048)) != NULL);
	/* d, p, q and three more: together about twice the bytes of the
	 * modulus */
	NEED(CRYPTO_secure_used() >= before + 600);
	kem_rsa_free(w);
	return 0;
}

/* The maximum number of finished exchanges, plus the largest RSA pair. */
static int it_is_large_enough(void)
{
	enum { EXCHANGES = 2000 };
	static struct pake *p[EXCHANGES];
	static uint8_t random[48] = {1}, stretched[PAKE_STRETCHED] = {1};
	uint8_t w0[PAKE_SCALAR], w1[PAKE_SCALAR];
	struct crypto *c = crypto_new();
	struct pake_record *rec;
	struct pake_keys k;
	struct kem_rsa *w;
	size_t i;
	int r = secret_setup(EXCHANGES);

	NEED((r == 0 || r == ERR_AGAIN) && c != NULL);
	stretched[50] = 1;
	NEED(pake_scalars(w0, w1, stretched) == 0);
	NEED((rec = pake_record_new(w0, w1)) != NULL);
	for (i = 0; i < EXCHANGES; i++) {
		NEED((p[i] = pake_verifier(c, rec, random, 48)) != NULL);
		NEED(pake_finish(
			 p[i], &k, "x", 1, "a", "b", pake_record_l(rec)) == 0);
	}
	NEED((w = kem_rsa_new(4096)) != NULL);
	kem_rsa_free(w);
	for (i = 0; i < EXCHANGES; i++)
		pake_free(p[i]);
	pake_record_free(rec);
	crypto_free(c);
	return 0;
}

/* With a limit of zero, setup reports it and everything still works. */
static int without_any(void)
{
	const struct rlimit none = {0, 0};
	struct kem_rsa *w;
	uint8_t *p;

	NEED(setrlimit(RLIMIT_MEMLOCK, &none) == 0);
	NEED(sandbox_privileges() == 0);
	NEED(secret_setup(100) == ERR_AGAIN);
	NEED((p = secret_alloc(100)) != NULL);
	p[99] = 1;
	NEED(locked() == 0);
	secret_free(p, 100);
	NEED((w = kem_rsa_new(2048)) != NULL);
	kem_rsa_free(w);
	return 0;
}

/* The soft limit is raised to the hard limit. */
static int up_to_the_limit(void)
{
	const struct rlimit low = {64 << 10, 4 << 20};
	struct rlimit now;

	NEED(setrlimit(RLIMIT_MEMLOCK, &low) == 0);
	NEED(sandbox_privileges() == 0);
	NEED(secret_setup(100) == 0);
	NEED(getrlimit(RLIMIT_MEMLOCK, &now) == 0);
	NEED(now.rlim_cur == 4 << 20);
	return 0;
}

static void run(void **state)
{
	struct rlimit l;

	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &l), 0);
	if (l.rlim_max < 4 << 20 && geteuid() != 0)
		skip(); /* this machine does not allow locking */
	/* With a sanitizer, secrets are on the sanitizer's heap. */
	if (harden_sanitized())
		skip();
	in_a_process((int (*)(void)) * state);
}

static void test_alloc(void **state)
{
	uint8_t *p = secret_alloc(10000), zero[16] = {0};

	(void)state;
	assert_non_null(p);
	assert_memory_equal(p, zero, 16);
	assert_memory_equal(p + 9984, zero, 16);
	secret_free(p, 10000);
	secret_free(NULL, 5);
	assert_null(secret_alloc(SIZE_MAX));
	p = secret_alloc(0);
	assert_non_null(p);
	secret_free(p, 0);
	assert_true(secret_equal("ab", "ac", 1));
	assert_false(secret_equal("ab", "ac", 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_alloc),
	    {"keys are in it", run, NULL, NULL, (void *)keys_are_in_it},
	    {"large enough", run, NULL, NULL, (void *)it_is_large_enough},
	    {"no locked memory", run, NULL, NULL, (void *)without_any},
	    {"the limit", run, NULL, NULL, (void *)up_to_the_limit},
	};

	return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
