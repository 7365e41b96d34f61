/* plain_stage.h - the plain user interface with the session of plain_session.h and its
 * output in a file. One file of each test program includes this header. */
#ifndef CONCLAVE_TESTS_PLAIN_STAGE_H
#define CONCLAVE_TESTS_PLAIN_STAGE_H

#include <fcntl.h>
#include <unistd.h>

#include "client/ui/ui.h"
#include "client/trust/people.h"
#include "tests/unit/folder.h"
#include "tests/unit/plain_session.h"

static inline uint64_t now_ms(void)
{
	return 1000;
}

static inline uint64_t wall_ms(void)
{
	return UINT64_C(1795005240000); /* 2026-11-18 12:34 UTC */
}

static inline void end(void *arg, bool flush)
{
	(void)arg;
	(void)flush;
}

static inline void end_failed(void *arg, const char *why)
{
	(void)arg;
	fail_msg("%s", why);
}

/* --- the user interface, with its output in a file ---------------------- */

struct stage {
	struct session session;
	struct people *people;
	struct ui_env env;
	struct ui *ui;
	int in, out; /* the saved standard input and output */
	const char *path;
	char *said;
};

static inline void stage_begin(struct stage *s, void **state)
{
	struct errmsg why;
	int fd;

	memset(s, 0, sizeof(*s));
	setenv("TZ", "UTC", 1);
	s->path = folder_path(state, "out");
	assert_int_equal(
	    people_open(&s->people, folder_path(state, "people"), &why), 0);
	s->session.status = (struct session_room_status){.joined = true,
	    .name = "lobby",
	    .topic = "tea",
	    .epoch = 7,
	    .verified = 1};
	s->session.n = 3;
	s->session.people[0].voice = s->session.people[1].voice =
	    s->session.people[2].voice = true;
	strcpy(s->session.people[0].name, "me");
	s->session.people[0].self = true;
	strcpy(s->session.people[1].name, "alice");
	s->session.people[1].trust = TRUST_VERIFIED;
	strcpy(s->session.people[2].name, "bob");
	s->session.people[2].trust = TRUST_CHANGED;
	s->env = (struct ui_env){.session = &s->session,
	    .people = s->people,
	    .server = "chat.example:2528",
	    .name = "me",
	    .now_ms = now_ms,
	    .wall_ms = wall_ms,
	    .end = end,
	    .end_failed = end_failed};
	fflush(stdout);
	s->in = dup(STDIN_FILENO);
	s->out = dup(STDOUT_FILENO);
	fd = open("/dev/null", O_RDONLY);
	assert_true(fd >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
	close(fd);
	fd = open(s->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0 && dup2(fd, STDOUT_FILENO) == STDOUT_FILENO);
	close(fd);
	s->ui = ui_plain.open(&s->env);
}

/* Returns its output so far. */
static inline const char *stage_end(struct stage *s)
{
	if (s->ui != NULL)
		ui_plain.step(s->ui);
	ui_plain.close(s->ui);
	dup2(s->in, STDIN_FILENO);
	dup2(s->out, STDOUT_FILENO);
	close(s->in);
	close(s->out);
	people_free(s->people);
	assert_non_null(s->ui);
	s->said = folder_read(s->path);
	assert_non_null(s->said);
	return s->said;
}

static inline void stage_event(struct stage *s, struct event e)
{
	if (e.text != NULL)
		e.text_len = strlen(e.text);
	ui_plain.event(s->ui, &e);
}

#endif
