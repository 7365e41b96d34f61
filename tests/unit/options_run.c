/* One run of the option reader, with its files and its output. */
#include "tests/unit/options_run.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* One per program; a test program has one thread. */
static char dir[64];

void run_setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/conclave-options-XXXXXX");
	if (mkdtemp(dir) == NULL)
		abort();
	unsetenv("CONCLAVE_PASSWORD");
}

const char *run_dir(void)
{
	return dir;
}

void run_path(char *out, size_t size, const char *name)
{
	snprintf(out, size, "%s/%s", dir, name);
}

void run_write(const char *name, const void *text, size_t n)
{
	char path[128];
	FILE *f;

	run_path(path, sizeof(path), name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

/* Redirects a stream into a file for a while; take_back reads the output. */
static int divert(FILE *stream, int fd, const char *name)
{
	char path[128];
	int saved = dup(fd), file;

	fflush(stream);
	run_path(path, sizeof(path), name);
	file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(saved >= 0 && file >= 0);
	assert_int_equal(dup2(file, fd), fd);
	close(file);
	return saved;
}

static void take_back(FILE *stream, int fd, int saved, char *out, size_t size)
{
	ssize_t n;

	fflush(stream);
	n = pread(fd, out, size - 1, 0);
	out[n > 0 ? n : 0] = '\0';
	dup2(saved, fd);
	close(saved);
}

void run_options(struct run *r, const char *const *args)
{
	int out, err, i;
	char path[256];

	memset(r, 0, sizeof(*r));
	r->argv[r->argc++] = strdup("conclaved");
	for (; *args != NULL; args++) {
		assert_true(r->argc < RUN_ARGS_MAX - 1);
		snprintf(path, sizeof(path), "%s/%s", dir,
		    **args == '@' ? *args + 1 : "");
		r->argv[r->argc++] = strdup(**args == '@' ? path : *args);
	}
	out = divert(stdout, STDOUT_FILENO, "out");
	err = divert(stderr, STDERR_FILENO, "err");
	r->result = option_sources_read(&r->o, &r->from, r->argc, r->argv);
	take_back(stderr, STDERR_FILENO, err, r->err, sizeof(r->err));
	take_back(stdout, STDOUT_FILENO, out, r->out, sizeof(r->out));
	for (i = 0; i < r->argc; i++)
		assert_non_null(r->argv[i]);
}

void run_free(struct run *r)
{
	server_options_free(&r->o);
	while (r->argc > 0)
		free(r->argv[--r->argc]);
}

void run_cleanup(void)
{
	static const char *const names[] = {"conf", "pw", "out", "err"};
	char path[128];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		run_path(path, sizeof(path), names[i]);
		unlink(path);
	}
	rmdir(dir);
}
