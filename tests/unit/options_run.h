/* options_run.h - one run of the option reader, with its files and its
 * output. */
#ifndef CONCLAVE_OPTIONS_RUN_H
#define CONCLAVE_OPTIONS_RUN_H

#include "server/option_sources.h"
#include "tests/unit/check.h"

enum { RUN_ARGS_MAX = 40 };

struct run {
	struct server_options o;
	enum option_sources_result result;
	struct option_origins from;
	char out[8192], err[4096];
	char *argv[RUN_ARGS_MAX]; /* owned copies: the reader modifies them */
	int argc;
};

/* A folder for this program's files, until run_cleanup. */
void run_setup(void);
void run_cleanup(void);
const char *run_dir(void);
void run_path(char *out, size_t size, const char *name);
/* Writes the file "conf" or "pw" with mode 0600. */
void run_write(const char *name, const void *text, size_t n);

/* Reads options; args is NULL-terminated, without the program's name. A
 * leading @ is the folder of run_setup. */
void run_options(struct run *r, const char *const *args);
void run_free(struct run *r);

#define RUN(r, ...) run_options(r, (const char *const[]){__VA_ARGS__, NULL})

#endif
