/* tui_golden.h - compares whole screens with files in tests/unit/golden. With
 * CONCLAVE_GOLDEN=write in the environment they are written instead. */
#ifndef CONCLAVE_TESTS_TUI_GOLDEN_H
#define CONCLAVE_TESTS_TUI_GOLDEN_H

#include <stdlib.h>

#include "tests/unit/tui_stage.h"

/* The file is NAME-COLSxROWS.txt. `last`: this screen is written, when several
 * have to equal one file. */
static inline void golden(struct stage *s, const char *name, bool last)
{
	static char want[65536];
	const char *mode = getenv("CONCLAVE_GOLDEN");
	char path[128], *got;
	FILE *f;
	size_t n;

	/* Keys and events arrive on different descriptors: wait for both. */
	stage_sync(s);
	snprintf(path, sizeof(path), "tests/unit/golden/%s-%dx%d.txt", name,
	    s->vt->cols, s->vt->rows);
	got = vt_dump(s->vt);
	if (mode != NULL && strcmp(mode, "write") == 0 && last) {
		if ((f = fopen(path, "w")) == NULL)
			fail_msg("cannot write %s", path);
		fputs(got, f);
		fclose(f);
	}
	if ((f = fopen(path, "r")) == NULL)
		fail_msg("cannot read %s", path);
	n = fread(want, 1, sizeof(want) - 1, f);
	want[n] = '\0';
	fclose(f);
	if (strcmp(got, want) != 0)
		fail_msg("%s is\n%s\nand was\n%s", path, got, want);
	free(got);
}

#endif
